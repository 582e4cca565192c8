package alert

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

// Mail tells addresses, by a host's own SMTP server.
type Mail struct {
	host    string
	at      string // host and port
	wrapped bool   // TLS from the first byte (smtps)
	user    *url.Userinfo
	from    string
	to      []string
	tls     *tls.Config
}

// NewMail reads a server, such as smtp://user:password@mail.example:587 or
// smtps://mail.example:465, and who writes to whom. Without a port it is 587, or 465.
func NewMail(server, from, to string) (*Mail, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return nil, errors.New("give a server such as smtp://user:password@mail.example:587")
	}
	m := &Mail{host: u.Hostname(), at: u.Host, wrapped: u.Scheme == "smtps", user: u.User}
	if u.Port() == "" {
		m.at = net.JoinHostPort(m.host, map[bool]string{false: "587", true: "465"}[m.wrapped])
	}
	list, err := mail.ParseAddressList(to)
	if err != nil {
		return nil, errors.New("give the addresses that are written to, such as admins@board.example")
	}
	for _, a := range list {
		m.to = append(m.to, a.Address)
	}
	if from == "" {
		from = "mayfly@" + m.host
		if name := m.user.Username(); strings.Contains(name, "@") {
			from = name
		}
	}
	writer, err := mail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("give an address that mail may come from, such as mayfly@board.example")
	}
	m.from = writer.Address
	m.tls = &tls.Config{ServerName: m.host, MinVersion: tls.VersionTLS12}
	return m, nil
}

// Send writes one sentence to every address. Nothing is said in the clear to a server
// that is not on this machine.
func (m *Mail) Send(ctx context.Context, sentence string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", m.at)
	if err != nil {
		return errors.New("the mail server can't be reached")
	}
	defer conn.Close()
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	if m.wrapped {
		conn = tls.Client(conn, m.tls)
	}
	c, err := smtp.NewClient(conn, m.host)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := m.enter(c); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	if err := m.write(c, sentence); err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	_ = c.Quit() // it was taken
	return nil
}

// enter sees to TLS, then to who we are.
func (m *Mail) enter(c *smtp.Client) error {
	if ok, _ := c.Extension("STARTTLS"); ok && !m.wrapped {
		if err := c.StartTLS(m.tls); err != nil {
			return err
		}
	} else if !m.wrapped && !onThisMachine(m.host) {
		return errors.New("the server offers no TLS")
	}
	password, with := m.user.Password()
	if !with {
		return nil
	}
	return c.Auth(smtp.PlainAuth("", m.user.Username(), password, m.host))
}

func onThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (m *Mail) write(c *smtp.Client, sentence string) error {
	if err := c.Mail(m.from); err != nil {
		return err
	}
	for _, to := range m.to {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.letter(sentence)); err != nil {
		return err
	}
	return w.Close()
}

// letter is the whole of a mail.
func (m *Mail) letter(sentence string) []byte {
	var b bytes.Buffer
	_, domain, _ := strings.Cut(m.from, "@")
	for _, line := range []string{
		"From: Mayfly <" + m.from + ">",
		"To: " + strings.Join(m.to, ", "),
		"Subject: " + mime.QEncoding.Encode("utf-8", sentence),
		"Date: " + time.Now().UTC().Format(time.RFC1123Z),
		"Message-ID: <" + rand.Text() + "@" + domain + ">",
		"Auto-Submitted: auto-generated",
		"MIME-Version: 1.0",
		"Content-Type: text/plain; charset=utf-8",
		"Content-Transfer-Encoding: quoted-printable",
		"",
	} {
		b.WriteString(line + "\r\n")
	}
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(sentence + "\r\n")) // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}
