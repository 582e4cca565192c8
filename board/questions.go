package board

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Prompt says what the host does in a post that is pinned on a board.
type Prompt string

// The kinds of prompts.
const (
	NoPrompt Prompt = "" // a post like any other
	Asking   Prompt = "question"
	Welcome  Prompt = "welcome"
)

const (
	// PromptsMax is how many prompts may stand on a board at a time.
	PromptsMax = 3
	// QuestionMax is how many characters a prompt may have.
	QuestionMax = 500
	// QuestionTime is how long a prompt stands unless the host says otherwise.
	QuestionTime = 24 * time.Hour

	questionShortest = time.Minute
	questionLongest  = 30 * 24 * time.Hour
	welcomeTime      = 7 * 24 * time.Hour
)

// Question is what the host asks or says, in the host's own published words. It is
// planted as a post, which has a life of its own, and forgotten with it.
type Question struct {
	Number    int64 // names it to the host
	Board     string
	Kind      Prompt
	Body      string
	Sponsored bool
	TTL       time.Duration
	Post      PostID // the zero id: it waits to be planted
	Ending    bool   // it is to end at once
}

// Planted says whether the question stands as a post.
func (q Question) Planted() bool { return q.Post != PostID{} }

// Questions is what asking asks of a store. The running server plants and ends,
// whichever process asked.
type Questions interface {
	Ledger
	// Questions lists what the host asks, in the order it was asked.
	Questions(ctx context.Context) ([]Question, error)
	// InsertQuestion stores what the host asks, to be planted.
	InsertQuestion(ctx context.Context, q Question) error
	// EndQuestion has a question ended as soon as whoever holds the keys looks.
	EndQuestion(ctx context.Context, number int64) error
}

var errPromptDown = &Error{Kind: Invalid, Code: "error.vote_prompt", Fields: map[string]Problem{"vote": {Code: "error.vote_prompt"}}}

// Ask has the host ask on a board; by is who does it, for the log. Its error says what
// would do.
func Ask(ctx context.Context, by string, store Questions, boards Registry, q Question, now time.Time) error {
	if _, err := openBoard(ctx, boards, q.Board, now); err != nil {
		return err
	}
	q, err := q.check()
	if err != nil {
		return err
	}
	list, err := store.Questions(ctx)
	if err != nil {
		return err
	}
	if n := standing(list, q.Board); n >= PromptsMax {
		return &Error{Kind: Invalid, Code: "error.prompt.crowd", Args: map[string]any{"n": n}}
	}
	if err := store.InsertQuestion(ctx, q); err != nil {
		return err
	}
	return audit(ctx, store, at(now), Entry{By: by, Action: ActAsk, Board: q.Board})
}

// standing is how many prompts stand on a board, or are about to.
func standing(list []Question, slug string) (n int) {
	for _, q := range list {
		if q.Board == slug && !q.Ending {
			n++
		}
	}
	return n
}

// EndQuestion ends what the host asked, with all answers. Its error says what would do.
func EndQuestion(ctx context.Context, by string, store Questions, number int64, now time.Time) error {
	list, err := store.Questions(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(q Question) bool { return q.Number == number && !q.Ending })
	if i >= 0 {
		err = store.EndQuestion(ctx, number)
	}
	if i < 0 || errors.Is(err, ErrNotFound) {
		return &Error{Kind: NotFound, Code: "error.prompt.none", Args: map[string]any{"n": number}}
	}
	if err != nil {
		return err
	}
	return audit(ctx, store, at(now), Entry{By: by, Action: ActPromptEnd, Board: list[i].Board, Subject: strconv.FormatInt(number, 10)})
}

// check returns the question as it will be published.
func (q Question) check() (Question, error) {
	bad := refusal()
	body, ok := CleanText(q.Body)
	q.Body = body
	switch n := utf8.RuneCountInString(body); {
	case !ok:
		bad.Fields["body"] = Problem{Code: "error.body.utf8"}
	case looksEmpty(body):
		bad.Fields["body"] = Problem{Code: "error.body.empty"}
	case n > QuestionMax:
		bad.Fields["body"] = Problem{Code: "error.prompt.long", Args: map[string]any{"max": QuestionMax, "n": n}}
	}
	if q.TTL == 0 {
		q.TTL = QuestionTime
	}
	if q.TTL < questionShortest || q.TTL > questionLongest {
		bad.Fields["ttl"] = Problem{Code: "error.prompt.ttl", Args: map[string]any{"min": questionShortest, "max": questionLongest}}
	}
	if q.Kind != Asking && q.Kind != Welcome {
		return q, fmt.Errorf("a prompt is a question or a welcome, not %q", q.Kind)
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

// Ask has the host ask on a board; it is pinned when Ask returns.
func (b *Board) Ask(ctx context.Context, by string, q Question) error {
	return b.changed(ctx, Ask(ctx, by, b.posts, b.posts, q, b.now()))
}

// EndQuestion ends what the host asked, with all answers.
func (b *Board) EndQuestion(ctx context.Context, by string, number int64) error {
	return b.changed(ctx, EndQuestion(ctx, by, b.posts, number, b.now()))
}

// Questions lists what the host asks, in the order it was asked.
func (b *Board) Questions(ctx context.Context) ([]Question, error) { return b.posts.Questions(ctx) }

// Greeting is what the host of a new site says without having thought of it yet; the
// zero Greeting says nothing.
type Greeting struct {
	Welcome   string
	Questions []string // one a day, until the host asks
}

// says says whether a question is word for word of the greeting.
func (g Greeting) says(q Question) bool {
	if q.Kind == Welcome {
		return q.Body == g.Welcome
	}
	return slices.Contains(g.Questions, q.Body)
}

// Starter is every Greeting there is.
type Starter struct {
	Set, Lang string                         // as the server was started
	Sets      map[string]map[string]Greeting // by language, by set
}

// of is one of StarterSets in one of HostLanguages.
func (s Starter) of(set, lang string) Greeting {
	if set == StarterSets[0] {
		set = s.Set
	}
	if lang == HostLanguages[0] {
		lang = s.Lang
	}
	return s.Sets[lang][set]
}

// says says whether a question is of any of them, so that the host has not written it.
func (s Starter) says(q Question) bool {
	for _, sets := range s.Sets {
		for _, g := range sets {
			if g.says(q) {
				return true
			}
		}
	}
	return false
}

// today is the question of the day: all of them in turn.
func today(questions []string, now time.Time) string {
	day := now.Unix() / int64((24 * time.Hour).Seconds())
	return questions[int(day%int64(len(questions)))]
}

// Begin has the host greet, if this is the first start of the site, and ask the
// questions of the day from then on. It is called once, before Follow.
func (b *Board) Begin(ctx context.Context, s Starter) error {
	var list []Question
	if set := s.of(s.Set, s.Lang); set.Welcome != "" {
		list = append(list, Question{Board: Home, Kind: Welcome, Body: set.Welcome, TTL: welcomeTime})
	}
	if err := b.posts.Greet(ctx, list); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	b.following.Lock()
	defer b.following.Unlock()
	b.starter = s
	return nil
}

// Started is the starter set that the server was started with, and its language.
func (b *Board) Started() (set, lang string) {
	b.following.Lock()
	defer b.following.Unlock()
	return b.starter.Set, b.starter.Lang
}

// Prompts returns what the host asks on a board, the newest first.
func (b *Board) Prompts(ctx context.Context, slug string) ([]Post, error) {
	if err := b.enter(ctx, slug); err != nil {
		return nil, err
	}
	return b.posts.Prompts(ctx, slug, b.now())
}

// followQuestions plants what waits, ends what is to end, and forgets what is over;
// b.following is held.
func (b *Board) followQuestions(ctx context.Context, now time.Time) error {
	list, err := b.posts.Questions(ctx)
	if err != nil {
		return fmt.Errorf("follow questions: %w", err)
	}
	asked, err := b.askDaily(ctx, list, now)
	errs := []error{err}
	if asked {
		if list, err = b.posts.Questions(ctx); err != nil {
			return fmt.Errorf("follow questions: %w", err)
		}
	}
	for _, q := range list {
		errs = append(errs, b.followQuestion(ctx, q))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("follow questions: %w", err)
	}
	return nil
}

func (b *Board) followQuestion(ctx context.Context, q Question) error {
	switch {
	case !q.Planted() && !q.Ending:
		return b.plant(ctx, q)
	case !q.Planted():
		return b.posts.DeleteQuestion(ctx, q.Number)
	}
	_, err := b.posts.Secret(ctx, q.Post, b.now())
	switch {
	case errors.Is(err, ErrNotFound):
		return b.posts.DeleteQuestion(ctx, q.Number)
	case err == nil && q.Ending:
		return b.end(ctx, []PostID{q.Post}, ByAdmin)
	}
	return err
}

// plant publishes a question as a post that nobody owns and votes do not end.
func (b *Board) plant(ctx context.Context, q Question) error {
	info, err := b.Board(AsHost(ctx), q.Board)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrClosed) {
		return b.posts.DeleteQuestion(ctx, q.Number)
	}
	if err != nil && !errors.Is(err, ErrShut) { // it will stand there when the board is open again
		return err
	}
	key, id := NewKey(), NewPostID()
	secret := key.Secret()
	now := b.now()
	p := Post{
		ID: id, Board: q.Board, Thread: id, Body: q.Body, Prompt: q.Kind, Sponsored: q.Sponsored,
		Life:   NewLife(now, q.TTL, 0, q.TTL).ClosedAt(info.ClosesAt),
		Own:    secret.Own(NewVisitor(now), id),
		Secret: secret,
	}
	if err := b.posts.Plant(ctx, p, key, q.Number); err != nil {
		return fmt.Errorf("plant: %w", err)
	}
	b.tell(ctx, Event{Kind: Born, Board: p.Board, Thread: id, ID: id, Post: p})
	return nil
}

// askDaily asks the question of the day on the home board, and says whether it did:
// not while a question of the host's stands there, nor twice within a day.
func (b *Board) askDaily(ctx context.Context, list []Question, now time.Time) (bool, error) {
	s := b.settings(Home)
	set := b.starter.of(s.QuestionSet, s.HostLanguage).Questions
	stands := func(q Question) bool { return q.Board == Home && q.Kind == Asking }
	switch {
	case len(set) == 0, !s.DailyQuestion, now.Before(b.asked.Add(QuestionTime)):
		return false, nil
	case slices.ContainsFunc(list, stands), standing(list, Home) >= PromptsMax:
		return false, nil
	}
	q := Question{Board: Home, Kind: Asking, Body: today(set, now), TTL: QuestionTime}
	asked, err := b.posts.AskDaily(ctx, q, now)
	b.asked = asked
	return err == nil && asked.Equal(now), err
}
