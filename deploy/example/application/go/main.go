// Forgot password behind an application's sign-in page: complete, with Go's standard library and Argon2.
//
//	RESET_RELAY_URL=http://127.0.0.1:8080 RESET_RELAY_KEY=rr_... go run . [PORT]
//
// Run it in this folder.  The key needs the scopes request:self, redeem and notify.  The users live in memory here; put
// your own table in the place of users, whose methods say what it must do.  docs/APPLICATION.md explains each rule.
package main

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

const tenant = "acme"

var client = http.Client{Timeout: 10 * time.Second}

type object map[string]any

func random(size int) string {
	value := make([]byte, size)
	if _, err := rand.Read(value); err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(value)
}

type link struct {
	Tenant    string `json:"tenant"`
	UserID    string `json:"user_id"`
	RequestID string `json:"request_id"`
}

// relay asks again on 503 or without an answer: under the same Idempotency-Key that is safe.
func relay(path string, body object, idempotencyKey string) (status int, answer link) {
	content, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	for tries := 5; ; {
		request, err := http.NewRequest("POST", os.Getenv("RESET_RELAY_URL")+path, bytes.NewReader(content))
		if err != nil {
			panic(err)
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("RESET_RELAY_KEY"))
		request.Header.Set("Content-Type", "application/json")
		if idempotencyKey != "" {
			request.Header.Set("Idempotency-Key", idempotencyKey)
		}
		status := http.StatusServiceUnavailable
		if response, err := client.Do(request); err == nil {
			status = response.StatusCode
			if status < 300 {
				_ = json.NewDecoder(response.Body).Decode(&answer)
			}
			response.Body.Close()
		}
		if tries--; status != http.StatusServiceUnavailable || tries == 0 {
			return status, answer
		}
		time.Sleep(500 * time.Millisecond)
	}
}

type user struct {
	id, email, name string
	salt, password  []byte
}

// users does one transaction in each method: that is what a database is for.
type users struct {
	mutex     sync.Mutex
	byID      map[string]*user
	changedBy map[string]bool   // request ids: a unique column beside the password's history
	sessions  map[string]string // session to user id
}

var accounts = users{
	byID:      map[string]*user{"kim": {id: "kim", email: "kim@example.com", name: "Kim Example"}},
	changedBy: map[string]bool{},
	sessions:  map[string]string{},
}

func (u *users) byEmail(email string) *user {
	for _, one := range u.byID {
		if one.email == email {
			return one
		}
	}
	return nil
}

// changePassword is false when this request has changed a password before.  It ends the user's sessions; a second
// factor stays.
func (u *users) changePassword(one *user, password, requestID string) bool {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	if u.changedBy[requestID] {
		return false
	}
	u.changedBy[requestID] = true
	one.salt = []byte(random(16))
	one.password = hash(password, one.salt)
	for session, id := range u.sessions {
		if id == one.id {
			delete(u.sessions, session)
		}
	}
	return true
}

func (u *users) signIn(email, password string) (session string) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	one := u.byEmail(email)
	if one == nil || one.password == nil || subtle.ConstantTimeCompare(one.password, hash(password, one.salt)) == 0 {
		return ""
	}
	session = random(32)
	u.sessions[session] = one.id
	return session
}

func hash(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, 2, 19*1024, 1, 32)
}

// askForLink makes the same call for an account that does not exist: neither answer nor time tells.
func askForLink(email, clientIP string) (int, string) {
	var person any
	actor := "unknown"
	if one := accounts.byEmail(email); one != nil {
		person, actor = object{"id": one.id, "email": one.email, "name": one.name}, one.id
	}
	status, _ := relay("/v1/password-resets", object{
		"tenant": tenant, "user": person, "method": "link", "client": object{"ip": clientIP},
		"actor": object{"role": "self", "id": actor, "tenant": tenant},
	}, random(16))
	if status != http.StatusAccepted {
		return http.StatusServiceUnavailable, "Please try again in a minute."
	}
	return http.StatusOK, "If there is an account with that address, a mail is on its way."
}

// choosePassword checks, validates, redeems, changes, in this order, so that a poor password costs no link.
func choosePassword(token, password string) (int, string) {
	const gone, later = "This link does not work any more. Ask for a new one.", "Please try again in a minute."
	status, found := relay("/v1/tokens/check", object{"token": token}, "")
	if status == http.StatusServiceUnavailable {
		return status, later
	}
	one := accounts.byID[found.UserID]
	if status != http.StatusOK || found.Tenant != tenant || one == nil {
		return http.StatusNotFound, gone
	}
	if utf8.RuneCountInString(password) < 12 {
		return http.StatusUnprocessableEntity, "Please choose at least 12 characters."
	}
	status, found = relay("/v1/tokens/redeem", object{"token": token, "email": one.email}, random(16))
	if status == http.StatusServiceUnavailable {
		return status, later
	}
	if status != http.StatusOK || !accounts.changePassword(one, password, found.RequestID) {
		return http.StatusNotFound, gone
	}
	// The relay ends every other link and tells the user by mail.  The password is changed whatever comes back here:
	// an application with a job queue puts this call into it.
	relay("/v1/password-changes", object{
		"tenant": tenant, "user": object{"id": one.id, "email": one.email, "name": one.name},
		"request_id": found.RequestID, "actor": object{"role": "self", "id": one.id, "tenant": tenant},
	}, found.RequestID)
	return http.StatusOK, "Your password is changed. Sign in with it now."
}

func forgot(_ http.ResponseWriter, request *http.Request) (int, string) {
	ip, _, _ := net.SplitHostPort(request.RemoteAddr)
	return askForLink(request.PostFormValue("email"), ip)
}

func reset(_ http.ResponseWriter, request *http.Request) (int, string) {
	return choosePassword(request.PostFormValue("token"), request.PostFormValue("password"))
}

func signIn(response http.ResponseWriter, request *http.Request) (int, string) {
	session := accounts.signIn(request.PostFormValue("email"), request.PostFormValue("password"))
	if session == "" {
		return http.StatusForbidden, "Address or password are wrong."
	}
	http.SetCookie(response, &http.Cookie{Name: "session", Value: session, HttpOnly: true,
		SameSite: http.SameSiteLaxMode})
	return http.StatusOK, "Welcome."
}

func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		header := response.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Content-Security-Policy", "default-src 'self'")
		request.Body = http.MaxBytesReader(response, request.Body, 8192)
		next.ServeHTTP(response, request)
	})
}

// page serves a file on GET and hands a form that is posted to submit.
func page(file string, submit func(http.ResponseWriter, *http.Request) (int, string)) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodPost || submit == nil {
			http.ServeFile(response, request, "../pages/"+file)
			return
		}
		status, sentence := submit(response, request)
		response.WriteHeader(status)
		fmt.Fprint(response, sentence)
	}
}

func main() {
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	http.HandleFunc("/reset.js", page("reset.js", nil))
	http.HandleFunc("/forgot", page("forgot.html", forgot))
	http.HandleFunc("/reset", page("reset.html", reset))
	http.HandleFunc("/sign-in", page("sign-in.html", signIn))
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		panic(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	panic(http.Serve(listener, protect(http.DefaultServeMux)))
}
