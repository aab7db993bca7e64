// The job of reset-worker as a good Go engineer would do it in a week: consume, claim in Redis, store the token's hash,
// mail, mark as sent, produce an audit record and have it acknowledged, commit.  A peer for the benchmark: without
// retries, dead letters, limits, signatures and the rest of the promises.
//
//	peer -brokers A -requested T -audit T -group G -redis A -smtp A -body FILE [-connections 50]
//
// Many goroutines take events; Redis commands of all of them go out in shared pipelines, mails over connections that
// are kept, and the commit follows the contiguous end of what is done in each partition.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type event struct {
	ID   string `json:"id"`
	Data struct {
		Tenant string `json:"tenant"`
		User   struct {
			ID    string `json:"id"`
			Email string `json:"email"`
			Name  string `json:"name"`
		} `json:"user"`
	} `json:"data"`
}

type worker struct {
	kafka   *kgo.Client
	store   *store
	mailer  *mailer
	audit   string
	offsets *offsets
	acked   sync.WaitGroup
}

const perConnection = 4 // goroutines, so that Redis and SMTP are both busy

func (w *worker) finish(record *kgo.Record, e *event, outcome string, code int) {
	value := fmt.Sprintf(`{"specversion":"1.0","type":"identity.password-reset.audit.v1","source":"/peer","id":"%s",`+
		`"time":"%s","data":{"outcome":"%s","request_id":"%s","tenant":"%s","user_id":"%s","smtp":{"code":%d}}}`,
		e.ID, time.Now().UTC().Format(time.RFC3339Nano), outcome, e.ID, e.Data.Tenant, e.Data.User.ID, code)
	w.acked.Add(1)
	w.kafka.Produce(context.Background(), &kgo.Record{Topic: w.audit, Key: record.Key, Value: []byte(value)},
		func(_ *kgo.Record, err error) {
			defer w.acked.Done()
			if err != nil {
				log.Fatalf("audit: %v", err)
			}
			if last := w.offsets.done(record); last != nil {
				w.kafka.MarkCommitRecords(last)
			}
		})
}

func (w *worker) take(ctx context.Context, record *kgo.Record) {
	var e event
	if err := json.Unmarshal(record.Value, &e); err != nil {
		log.Fatalf("event: %v", err)
	}
	token, hash := newToken()
	claimed, err := w.store.claim(ctx, &e, hash)
	if err != nil {
		log.Fatalf("redis: %v", err)
	}
	if !claimed { // done already, by whoever had the partition before
		w.finish(record, &e, "suppressed", 0)
		return
	}
	code, err := w.mailer.send(&e, token)
	if err != nil {
		log.Fatalf("smtp: %v", err)
	}
	outcome := "sent"
	if code >= 500 {
		outcome = "dead"
	}
	if err := w.store.end(ctx, &e, outcome); err != nil {
		log.Fatalf("redis: %v", err)
	}
	w.finish(record, &e, outcome, code)
}

func (w *worker) run(ctx context.Context, count int) {
	jobs := make(chan *kgo.Record, 4*count)
	var working sync.WaitGroup
	for i := 0; i < count; i++ {
		working.Add(1)
		go func() {
			defer working.Done()
			for record := range jobs {
				w.take(context.Background(), record)
			}
		}()
	}
	for ctx.Err() == nil {
		fetches := w.kafka.PollRecords(ctx, 10000)
		if ctx.Err() != nil {
			break
		}
		fetches.EachError(func(topic string, _ int32, err error) { log.Fatalf("%s: %v", topic, err) })
		fetches.EachRecord(func(record *kgo.Record) {
			w.offsets.begun(record)
			jobs <- record
		})
	}
	close(jobs)
	working.Wait()
	w.acked.Wait()
	if err := w.kafka.CommitMarkedOffsets(context.Background()); err != nil {
		log.Printf("commit: %v", err)
	}
}

func main() {
	brokers := flag.String("brokers", "", "")
	requested := flag.String("requested", "", "")
	audit := flag.String("audit", "", "")
	group := flag.String("group", "", "")
	redisAddress := flag.String("redis", "", "")
	smtpAddress := flag.String("smtp", "", "")
	body := flag.String("body", "", "the mail's body, CRLF, after the line with the link")
	connections := flag.Int("connections", 50, "")
	flag.Parse()
	debug.SetGCPercent(400)

	text, err := os.ReadFile(*body)
	if err != nil {
		log.Fatal(err)
	}
	kafka, err := kgo.NewClient(kgo.SeedBrokers(*brokers), kgo.ConsumerGroup(*group), kgo.ConsumeTopics(*requested),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.AutoCommitMarks(), kgo.AutoCommitInterval(time.Second),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.MaxBufferedRecords(100000))
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	w := &worker{kafka: kafka, store: newStore(ctx, *redisAddress), mailer: newMailer(*smtpAddress, *connections, text),
		audit: *audit, offsets: newOffsets()}
	w.run(ctx, *connections*perConnection)
	w.mailer.close()
	kafka.Close()
}
