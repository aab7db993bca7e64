module bench.invalid/peer

go 1.19

require (
	github.com/redis/go-redis/v9 v9.7.3
	github.com/twmb/franz-go v1.16.1
)

require (
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/dgryski/go-rendezvous v0.0.0-20200823014737-9f7001d12a5f // indirect
	github.com/klauspost/compress v1.17.8 // indirect
	github.com/pierrec/lz4/v4 v4.1.21 // indirect
	github.com/twmb/franz-go/pkg/kmsg v1.7.0 // indirect
)
