package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	sender  = "no-reply@example.org"
	waiting = 60 * time.Second
)

type connection struct {
	net.Conn
	in  *bufio.Reader
	out *bufio.Writer
}

// Connections that are kept; MAIL, RCPT and DATA go out in one write (PIPELINING).
type mailer struct {
	address string
	idle    chan *connection // nil: to be opened
	body    []byte
}

func newMailer(address string, connections int, body []byte) *mailer {
	m := &mailer{address: address, idle: make(chan *connection, connections),
		body: bytes.ReplaceAll(body, []byte("\r\n."), []byte("\r\n.."))}
	for i := 0; i < connections; i++ {
		m.idle <- nil
	}
	return m
}

func (c *connection) reply() (int, error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) < 4 {
			return 0, fmt.Errorf("a reply of %d bytes", len(line))
		}
		if line[3] != '-' {
			return strconv.Atoi(string(line[:3]))
		}
	}
}

func (c *connection) ask(line string) (int, error) {
	if _, err := c.out.WriteString(line); err != nil {
		return 0, err
	}
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	return c.reply()
}

func (m *mailer) open() (*connection, error) {
	raw, err := net.DialTimeout("tcp", m.address, waiting)
	if err != nil {
		return nil, err
	}
	c := &connection{raw, bufio.NewReader(raw), bufio.NewWriterSize(raw, 16384)}
	_ = c.SetDeadline(time.Now().Add(waiting))
	if code, err := c.reply(); err != nil || code != 220 {
		return nil, fmt.Errorf("greeting %d: %w", code, err)
	}
	if code, err := c.ask("EHLO peer.test\r\n"); err != nil || code != 250 {
		return nil, fmt.Errorf("EHLO %d: %w", code, err)
	}
	return c, nil
}

func (c *connection) write(e *event, token string, body []byte) {
	name := e.Data.User.Name
	if strings.ContainsAny(name, "\r\n") {
		name = ""
	}
	fmt.Fprintf(c.out, "From: Example <%s>\r\nTo: %s <%s>\r\nSubject: Reset your password\r\nDate: %s\r\n"+
		"Message-ID: <%s@peer.example.org>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"+
		"Content-Type: text/plain; charset=utf-8\r\n\r\nHello %s,\r\n\r\nhttps://app.example.org/reset#%s\r\n\r\n",
		sender, name, e.Data.User.Email, time.Now().UTC().Format(time.RFC1123Z), e.ID, name, token)
	_, _ = c.out.Write(body)
	_, _ = c.out.WriteString("\r\n.\r\n")
}

// The relay's last word on one mail; a refused recipient costs an RSET.
func (c *connection) mail(e *event, token string, body []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(waiting))
	fmt.Fprintf(c.out, "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", sender, e.Data.User.Email)
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	var codes [3]int
	for i := range codes {
		var err error
		if codes[i], err = c.reply(); err != nil {
			return 0, err
		}
	}
	if codes[2] != 354 {
		_, err := c.ask("RSET\r\n")
		return codes[1], err
	}
	c.write(e, token, body)
	if err := c.out.Flush(); err != nil {
		return 0, err
	}
	return c.reply()
}

func (m *mailer) send(e *event, token string) (int, error) {
	c := <-m.idle
	if c == nil {
		var err error
		if c, err = m.open(); err != nil {
			m.idle <- nil
			return 0, err
		}
	}
	code, err := c.mail(e, token, m.body)
	if err != nil {
		c.Close()
		c = nil
	}
	m.idle <- c
	return code, err
}

func (m *mailer) close() {
	for i := 0; i < cap(m.idle); i++ {
		if c := <-m.idle; c != nil {
			_, _ = c.ask("QUIT\r\n")
			c.Close()
		}
	}
}
