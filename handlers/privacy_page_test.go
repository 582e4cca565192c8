package handlers_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mayfly/handlers"
	"mayfly/words"
)

// bound names the test of each sentence of the page Privacy, by its key; "" is a heading.
var bound = map[string]string{
	"lead": "TestThePrivacyPageFollowsStartAndSettings", "who": "", "controller": "", "why": "TestEachTableHasItsLineOnThePrivacyPage",
	"tables": "", "tables_lead": "TestEachTableHasItsLineOnThePrivacyPage", "cookies": "",
	"cookie_you": "", "cookie_you_is": "TestAWriteSetsOneCookieThatNamesNobody", "cookie_look": "", "cookie_look_is": "TestTheAgeLineIsPutAwayByACookieThatNamesNobody",
	"cookie_admin": "", "cookie_admin_is": "TestASessionIsNewStrictAndEnds",
	"address": "", "address_here": "", "address_is": "TestR21NoAddressOrBrowserIsKeptOrShown", "address_bans": "TestABanSlowsANetworkThatNobodyLearns",
	"way": "", "way_tls": "TestThePrivacyPageFollowsStartAndSettings", "way_plain": "TestThePrivacyPageFollowsStartAndSettings", "way_onion": "TestThePrivacyPageFollowsStartAndSettings",
	"proxy": "", "proxy_is": "TestThePrivacyPageFollowsStartAndSettings", "proxy_none": "TestR23AForgedForwardedForIsNoOtherVisitor",
	"onion": "", "onion_is": "TestThePrivacyPageFollowsStartAndSettings", "provider": "", "provider_is": "TestThePrivacyPageFollowsStartAndSettings",
	"elsewhere": "", "alerts": "", "alerts_none": "TestNobodyIsToldWhileAlertsAreOff", "alerts_to": "TestThePrivacyPageFollowsStartAndSettings",
	"alerts_what": "TestAReportReachesTheHostWithoutAWordOfIt", "fetched": "", "fetched_is": "TestEveryAnswerCarriesTheHeaders",
	"logs": "", "logs_is": "TestR21NoAddressOrBrowserIsKeptOrShown", "backups": "", "backups_is": "TestWithoutItsKeysAllHasEnded",
	"sealed": "", "sealed_is": "TestTheOwnerSealsALivingPostAndNothingOfItStays",
	"rights": "", "rights_yours": "TestForgetMeEndsAllAndDropsTheCookie", "rights_find": "TestNoAdminPageTiesAnybodyToAnything", "rights_ask": "TestEachTableHasItsLineOnThePrivacyPage",
	// of each table: what is in it, and how long
	"kept.admins": "TestTheCopiedAdminsPassphraseIsAHash TestAKeyIsRevokedAndGoesWithItsAdmin", "kept.audit": "TestNoAdminPageTiesAnybodyToAnything", "kept.boards": "TestABoardEndedWhileNobodyServesIsClosedByTheNextStart",
	"kept.claims": "TestWhatANoticeSaysLiesReadableNowhere TestANoticeIsWipedInItsTime", "kept.filters": "TestAnAdminAddsTriesAndRemovesFilters",
	"kept.circles": "TestNothingOfACircleCanBeReadAnywhere TestACircleEndsWithAllThatIsInIt", "kept.circle_members": "TestNothingOfACircleCanBeReadAnywhere TestWhoIsOutIsOutAtOnce", "kept.circle_outs": "TestMoreThanHalfOfTheOthersPutAMemberOut",
	"kept.circle_links": "TestTheLinkToAKeyGoesWithItsLastPost", "kept.circle_invites": "TestAnInviteIsUsedAsOftenAsItSays TestWhatAnInviteSealedGoesWithItsLastUse", "kept.circle_posts": "TestNothingOfACircleCanBeReadAnywhere TestAPostOfACircleEndsOnTime",
	"kept.circle_votes": "TestAPostOfACircleEndsOnTime", "kept.circle_voices": "TestAPostOfACircleEndsOnTime", "kept.circle_reports": "TestAReportFromACircleProvesItsWords",
	"kept.doors": "TestAllWhoComeInHoldTheSameStamp TestAnotherPassphraseClosesPagesAndSockets", "kept.door_codes": "TestAnInvitationIsUsedUpByComingInAlone TestACodeIsRevokedAndEnds",
	"kept.notices": "TestASignFitsItsVisitorAloneAndNoOtherSign TestForgetMeEndsNoticesAndSoDoesTime", "kept.outset": "TestASiteThatHasAnOwnerAlreadyIsNotAskedForFirstChoices",
	"kept.goose_db_version": "TestMigrationKeepsWhatWasSetAndItsLog", "kept.key_file": "TestKeysOfOtherDataAreRefused",
	"kept.openings": "TestR32VotesOfOneVisitorShareNothing TestTheLastReaderEndsAViewOncePost", "kept.parts": "TestR04PicturesLeaveNothingBehind",
	"kept.passes": "TestASessionIsNewStrictAndEnds", "kept.posts": "TestR01NoFileHoldsTheWordsOfALivingPost TestR03KeysAreOffTheDiskInTime",
	"kept.questions": "TestARunningServerPlantsAndEndsWhatItsHostAsks", "kept.replies": "TestR01NoFileHoldsTheWordsOfALivingPost TestAThreadTakesTheKeysOfItsReplies",
	"kept.reports": "TestNoFileTiesAReportToItsVisitor", "kept.settings": "TestMigrationKeepsWhatWasSetAndItsLog", "kept.storms": "TestRaidModeSurvivesARestartAndEndsWithoutOne",
	"kept.traces": "TestTracesSayNothingAndStandForTenMinutes", "kept.voices": "TestR25NamesAreBeyondReachWithoutTheThreadsKey", "kept.votes": "TestR32VotesOfOneVisitorShareNothing",
}

// privacyKeys reads the keys of the page from the catalogue.
func privacyKeys(t *testing.T) []string {
	t.Helper()
	var keys []string
	section := ""
	for line := range strings.Lines(string(must(os.ReadFile("../words/en.toml")))) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "["); ok {
			section = strings.TrimSuffix(name, "]")
		} else if key, _, ok := strings.Cut(line, " = "); ok && (section == "privacy" || section == "privacy.kept") {
			keys = append(keys, strings.TrimPrefix(strings.TrimPrefix(section+"."+key, "privacy."), "privacy."))
		}
	}
	return keys
}

// tests are the names of all tests there are.
func tests(t *testing.T) map[string]bool {
	t.Helper()
	named := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	all := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range named.FindAllStringSubmatch(string(must(os.ReadFile(path))), -1) {
			all[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEverySentenceOfThePrivacyPageIsBoundToATest(t *testing.T) {
	keys, all := privacyKeys(t), tests(t)
	if len(keys) < 60 {
		t.Fatalf("only %d sentences were found", len(keys))
	}
	for _, key := range keys {
		base := key
		if strings.HasPrefix(key, "kept.") {
			base = strings.TrimSuffix(strings.TrimSuffix(key, "_what"), "_time")
		}
		if _, known := bound[base]; !known {
			t.Errorf("privacy.%s is bound to no test", key)
		}
	}
	for key, names := range bound {
		if !slices.Contains(keys, key) {
			t.Errorf("privacy.%s is bound and not said", key)
		}
		for name := range strings.FieldsSeq(names) {
			if !all[name] {
				t.Errorf("privacy.%s is bound to %s, which is not there", key, name)
			}
		}
	}
}

func TestEachTableHasItsLineOnThePrivacyPage(t *testing.T) {
	s := newSite(t)
	tables := must(s.store.Tables(t.Context()))
	if len(tables) < 19 || !slices.Contains(tables, "posts") {
		t.Fatalf("tables: %v", tables)
	}
	for _, lang := range words.Languages {
		page := s.get("/privacy", "Accept-Language", lang).body
		for _, name := range tables {
			for _, part := range []string{"", "_what", "_time"} {
				if !words.In(lang).Has("privacy.kept." + name + part) {
					t.Errorf("%s: nothing says of table %s: privacy.kept.%s%s", lang, name, name, part)
				}
			}
		}
		if n := strings.Count(page, "<dt>"); n < len(tables) || !strings.Contains(page, "host@river.example") {
			t.Errorf("%s: the page has %d facts, or no contact", lang, n)
		}
	}
}

func TestThePrivacyPageFollowsStartAndSettings(t *testing.T) {
	plain := newSite(t)
	page := plain.get("/privacy").body
	for _, want := range []string{"unencrypted (HTTP)", "None that this server believes", "7 days at most", "Whoever rents the machine"} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	plain.set("visitor_ttl", "2h")
	if page = plain.get("/privacy").body; !strings.Contains(page, "It lasts 2 hours at most") {
		t.Error("visitor_ttl is not followed")
	}
	s := newSite(t, withTrusted("127.0.0.0/8"), withOnion, withAlerts("ntfy", "mail"))
	page = s.get("/privacy", "X-Forwarded-Proto", "https").body
	for _, want := range []string{"encrypted (TLS)", "A proxy stands before", "This board has one", "By way of: ntfy, mail."} {
		if !strings.Contains(page, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	o := s.openOnion()
	if a := o.send(o.browser(), http.MethodGet, "/privacy", ""); !strings.Contains(a.body, "no address of yours reaches this server") {
		t.Error("by the onion it is not said")
	}
	s.set("alerts", "off")
	if page = s.get("/privacy").body; strings.Contains(page, "By way of") {
		t.Error("alerts are off, and told")
	}
}

func TestTheCopiedAdminsPassphraseIsAHash(t *testing.T) {
	s := newSite(t)
	s.owned()
	if held := string(s.files()); strings.Contains(held, ownersWords) || !strings.Contains(held, "$argon2id$") {
		t.Error("a passphrase lies in a file, or no hash of it")
	}
}

func TestEveryPageLeadsToWhatTheLawAsksFor(t *testing.T) {
	s := newSite(t)
	id, _ := s.publish("words")
	for _, path := range []string{"/", "/p/" + id, "/you", "/about", "/search", "/boards", "/log", "/write", "/nowhere", "/p/" + id + "/report", "/contact", "/terms", "/privacy", "/notice"} {
		body := s.get(path).body
		for _, href := range []string{"/contact", "/terms", "/privacy", "/notice"} {
			if !strings.Contains(body, `href="`+href+`"`) {
				t.Errorf("%s does not lead to %s", path, href)
			}
		}
	}
}

func TestTermsAreTheHostsOrFollowFromTheSettings(t *testing.T) {
	s := newSite(t)
	s.owned()
	s.set("ttl_max", "2d")
	s.set("age_notice", "16")
	if page := s.get("/terms").body; !strings.Contains(page, "from 1 minute to 2 days") || !strings.Contains(page, "16 and over") || !strings.Contains(page, "3 reports hide a post") {
		t.Error("they do not follow from the settings")
	}
	s.takes("/admin/texts", "was.terms", "", "terms", "Be kind.\r\n<i>Always</i>", "was.contact", "host@river.example", "contact", "host@river.example")
	page := s.get("/terms").body
	if !strings.Contains(page, "Be kind.") || !strings.Contains(page, "&lt;i&gt;Always") || strings.Contains(page, "3 reports hide") {
		t.Error("the host’s own are not shown, or not alone")
	}
	if page := s.get("/contact").body; !strings.Contains(page, `href="mailto:host@river.example"`) {
		t.Error("the contact is no link")
	}
	s.set("board", "closed")
	for _, path := range []string{"/contact", "/terms", "/privacy", "/notice"} {
		if a := s.as(newBrowser(), http.MethodGet, path, ""); a.StatusCode != http.StatusOK || a.Header.Get("Set-Cookie") != "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s of a board that is closed for now: %s", path, a.Status)
		}
	}
}

func TestTheAgeLineIsPutAwayByACookieThatNamesNobody(t *testing.T) {
	s := newSite(t)
	const line = "meant for people of 18 and over"
	if strings.Contains(s.get("/").body, "meant for people") {
		t.Fatal("it is there though nobody asked for it")
	}
	s.set("age_notice", "18")
	id, _ := s.publish("words")
	seen := map[string]bool{}
	for range 2 {
		who := newBrowser()
		if page := s.as(who, http.MethodGet, "/p/"+id, ""); !strings.Contains(page.body, line) || page.Header.Get("Set-Cookie") != "" {
			t.Error("a stranger does not see it, or gets a cookie by reading")
		}
		a := s.formAs(who, "/look", "age", "18", "back", "/p/"+id)
		if a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/p/"+id {
			t.Errorf("put away: %s to %q", a.Status, a.Header.Get("Location"))
		}
		seen[a.Header.Get("Set-Cookie")] = true
		if page := s.as(who, http.MethodGet, "/", ""); strings.Contains(page.body, line) {
			t.Error("it comes back")
		}
		s.formAs(who, "/look", "theme", "dark", "back", "/")
		if page := s.as(who, http.MethodGet, "/", ""); strings.Contains(page.body, line) || !strings.Contains(page.body, `data-theme="dark"`) {
			t.Error("a theme brings it back, or is lost")
		}
	}
	if len(seen) != 1 {
		t.Errorf("two visitors have two cookies: %v", seen)
	}
	s.set("age_notice", "13")
	if page := s.get("/"); !strings.Contains(page.body, "13 and over") {
		t.Error("another age is not said")
	}
}

func withAlerts(kinds ...string) option {
	return func(p *handlers.Parts) { p.Alerts = kinds }
}
