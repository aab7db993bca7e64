package main

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Events end in any order; only the contiguous end of what is done may be committed.
type offsets struct {
	sync.Mutex
	partitions map[int32]*partition
}

type partition struct {
	waiting []*kgo.Record // in the order of the log
	done    map[int64]bool
}

func newOffsets() *offsets {
	return &offsets{partitions: map[int32]*partition{}}
}

func (o *offsets) begun(record *kgo.Record) {
	o.Lock()
	defer o.Unlock()
	p := o.partitions[record.Partition]
	if p == nil {
		p = &partition{done: map[int64]bool{}}
		o.partitions[record.Partition] = p
	}
	p.waiting = append(p.waiting, record)
}

// The last record of the contiguous end, when it moved.
func (o *offsets) done(record *kgo.Record) *kgo.Record {
	o.Lock()
	defer o.Unlock()
	p := o.partitions[record.Partition]
	p.done[record.Offset] = true
	var last *kgo.Record
	for len(p.waiting) > 0 && p.done[p.waiting[0].Offset] {
		last = p.waiting[0]
		delete(p.done, last.Offset)
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
	}
	return last
}
