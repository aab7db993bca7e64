package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	tokenLife = 24 * time.Hour
	lease     = 45 * time.Second
	pipelines = 2 // on their way at once
	most      = 512
)

// One request is claimed once; the user's earlier link dies with the new one's birth.
var claimScript = redis.NewScript(`
local state = redis.call('GET', KEYS[1])
if state then return 0 end
redis.call('SET', KEYS[1], 'claimed', 'PX', ARGV[3])
local old = redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2], 'GET')
if old then redis.call('DEL', 'peer:token:' .. old) end
redis.call('SET', KEYS[3], ARGV[4], 'PX', ARGV[2])
return 1`)

type command struct {
	add  func(redis.Pipeliner) redis.Cmder
	done chan error
	cmd  redis.Cmder
}

// What many goroutines ask of Redis at the same time goes out in one pipeline.
type store struct {
	client   *redis.Client
	commands chan *command
	pool     sync.Pool
}

func newStore(ctx context.Context, address string) *store {
	s := &store{client: redis.NewClient(&redis.Options{Addr: address, Protocol: 2, ReadTimeout: 10 * time.Second}),
		commands: make(chan *command, 4096)}
	s.pool.New = func() any { return &command{done: make(chan error, 1)} }
	if err := claimScript.Load(ctx, s.client).Err(); err != nil {
		log.Fatalf("redis: %v", err)
	}
	for i := 0; i < pipelines; i++ {
		go s.pump()
	}
	return s
}

func (s *store) pump() {
	batch := make([]*command, 0, most)
	for first := range s.commands {
		batch = append(batch[:0], first)
	more:
		for len(batch) < most {
			select {
			case next := <-s.commands:
				batch = append(batch, next)
			default:
				break more
			}
		}
		pipe := s.client.Pipeline()
		for _, c := range batch {
			c.cmd = c.add(pipe)
		}
		_, _ = pipe.Exec(context.Background())
		for _, c := range batch {
			c.done <- c.cmd.Err()
		}
	}
}

func (s *store) do(add func(redis.Pipeliner) redis.Cmder) (redis.Cmder, error) {
	c := s.pool.Get().(*command)
	c.add = add
	s.commands <- c
	err := <-c.done
	cmd := c.cmd
	s.pool.Put(c)
	return cmd, err
}

func (s *store) claim(ctx context.Context, e *event, hash string) (bool, error) {
	keys := []string{"peer:request:" + e.ID, "peer:user:" + e.Data.Tenant + "/" + e.Data.User.ID, "peer:token:" + hash}
	for {
		cmd, err := s.do(func(pipe redis.Pipeliner) redis.Cmder {
			return pipe.EvalSha(ctx, claimScript.Hash(), keys, hash, tokenLife.Milliseconds(), lease.Milliseconds(), e.ID)
		})
		if err == nil {
			claimed, err := cmd.(*redis.Cmd).Int()
			return claimed == 1, err
		}
		if !strings.HasPrefix(err.Error(), "NOSCRIPT") {
			return false, err
		}
		if err := claimScript.Load(ctx, s.client).Err(); err != nil {
			return false, errors.New("script: " + err.Error())
		}
	}
}

func (s *store) end(ctx context.Context, e *event, outcome string) error {
	_, err := s.do(func(pipe redis.Pipeliner) redis.Cmder {
		return pipe.Set(ctx, "peer:request:"+e.ID, outcome, 72*time.Hour)
	})
	return err
}

var random = struct {
	sync.Mutex
	*bufio.Reader
}{Reader: bufio.NewReader(rand.Reader)}

// The token that the link carries, and the hash that is kept of it.
func newToken() (string, string) {
	var secret [32]byte
	random.Lock()
	_, err := io.ReadFull(random.Reader, secret[:])
	random.Unlock()
	if err != nil {
		log.Fatal(err)
	}
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	hash := sha256.Sum256([]byte(token))
	return token, hex.EncodeToString(hash[:])
}
