package views

import (
	"net/url"
	"strconv"

	"mayfly/board"
)

func counter(at uint64) string { return strconv.FormatUint(at, 10) }

// liveFeed is how a page of a feed listens: to its whole board, and it asks again
// for what it shows.
func liveFeed(slug string, l Listing) Live {
	topic := url.Values{"board": {slug}}
	shows := narrowed(l.Narrow)
	shows.Set("board", slug)
	if l.Sort != board.ByBirth {
		shows.Set("sort", string(l.Sort))
	}
	if l.From != "" {
		shows.Set("cursor", l.From)
	}
	return Live{Socket: "/live?" + topic.Encode(), Again: "/live/state?" + shows.Encode(), At: counter(l.At)}
}

// liveThread is how a thread's page listens.
func liveThread(id board.PostID, at uint64) Live {
	topic := "?post=" + id.String()
	return Live{Socket: "/live" + topic, Again: "/live/state" + topic, At: counter(at)}
}
