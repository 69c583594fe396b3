"""When the words of a post were said, whether an approval takes itself back, and what outlives a stranger's edit. Pure.

An edit says a post anew: what asks for changes is dated by it, and what approves counts only in the words in which it
was given, since nobody can tell a corrected typo from a "stop". What somebody else edited is nobody's word, but that it
asked for changes stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, TypeVar

from bee.model import markers
from bee.model.items import LineComment, Post, Review, ReviewState
from bee.model.markdown import reading, words_of
from bee.model.text import one_line
from bee.pipeline.trust import Trust

P = TypeVar("P", bound=Post)

# What an approval says against itself, outside code and quotes: that it must wait, that it is not good as it stands, or
# a condition. "Do not merge" and the like count wherever they stand, the others where a line or a part of a sentence
# begins with them. Where in doubt, it is no approval.
_PART: Final = (
    r"(?:^|[.,;:!?()\[\u2013\u2014]|\s-)\s*(?:(?:@[\w-]+|please|pls|kindly|but|and|so|ok|okay|sorry|actually|let.?s)"
    r"[\s,:]{1,3}+){0,6}+"
)
_NOT: Final = (
    r"(?:(?:do|must|should|shall|may|can|could|would|will)(?: ?not|n.?t)"
    r"|(?:do|wo|ca|is|are|was|were|does|did|has|have|had)n.?t|can.?t|never|not(?: to| be)?|no)"
)
# Between a no and its verb: none that has an object of its own ("need to", "break the", "forget to").
_LINK: Final = (
    r"(?:yet|be|been|get|getting|have|has|is|are|to|it|this|that|these|those|them|just|please|click|press|hit|push|use"
    r"|the|button|any|anything|ever|into|auto|automatically|and|or|squash|rebase|think|believe|feel|recommend|suggest"
    r"|should|must|can|may|under|circumstances|i|we|you|us|me|let|dare|try|want|like|go|ahead|for|on|in|now|today|quite"
    r"|really|still|until|before|ready|safe|good|ok|okay|sure|fit|happy|comfortable|allowed|supposed|meant|going|rush"
    r"|hurry|start|enable|trigger|do|(?:cut|make) (?:a|the)|anyone|anybody|possibly|conditions|pr|pull"
    r"|request|branch|change|my|our|your|with|of|as|by|close)"
)
_MERGE: Final = (
    r"(?:(?:auto)?merge(?:d|s|able)?|merging|land(?:s|ed|ing(?! page))?|ship(?:s|ped|ping)?|squash(?:ed|ing)?"
    r"|rebas(?:e|ed|ing)|releas(?:es?|ed|ing)|deploy(?:s|ed|ing)?)\b"
)
_DAY: Final = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day)"
_OBJECT: Final = r"(?:(?:by|on|until|till|for|here|now|this|it|that|please|merging|the merge|because|we|i|you|there)\b)"
# That it must wait, and so must bee: for a day, for somebody, for whoever merges it themselves.
_WAITS: Final = re.compile(
    rf"\b{_NOT}(?:,[^.;!?]{{1,60}},|\s\([^()]{{1,60}}\))?(?:\s{_LINK}){{0,6}}?[\s-]{_MERGE}"
    r"|\b(?:do[-_]?not|no|don.?t)[-_]?merge\b"
    rf"|\b(?:nobody|no one) (?:may|should|must|can) {_MERGE}"
    rf"|\b{_NOT} (?:yet )?(?:click|press|push|hit) (?:the|it|that)\b"
    r"|\b(?:not|isn.?t) (?:yet|now|today|this week|before|until|till|ready)\b"
    r"|\b(?:is|.s) (?:still |only |just )?a draft\b"
    r"|\b(?:i.d|we.d|can we|could we|can you|could you|prefer to) (?:rather |please )?(?:wait|hold|pause)\b|\bembargo"
    r"|\b(?:needs?|has|have|must|should) (?:to )?(?:also )?(?:approve|sign off)"
    r"(?=\s*(?:$|[.,;:!?)]|(?:this|it|too|first|as well|before|on)\b))"
    r"|\b(?:please|must|should|let.?s) (?:stop|wait|hold)\b|\bwait (?:with|until|till|before)\b"
    r"|\b(?:but|however|though|just|only|yet),? (?:please|pls )?(?:wait|hold|stop|park|blocked)\b"
    r"|\bhold(?:ing)? off\b|\bon[- ]hold\b|\b(?-i:DNM|WIP)\b|\bwork in progress\b"
    r"|\b(?:leave|keep) (?:it|this|that|the pr) (?:open|unmerged)\b"
    r"|\b(?:merg(?:e|ing)|this|it) is (?:(?!not|never)\w+ )?(?:blocked|frozen)\b"
    rf"|\b{_MERGE}(?: \w+)? (?:(?:is |are )?not|isn.?t|aren.?t)(?: \w+)?"
    r" (?:allowed|permitted|possible|safe|wanted|ok)\b"
    rf"|\b{_MERGE}(?: \w+)? (?:is|are) (?:\w+ )?(?:forbidden|prohibited|disallowed)\b"
    r"|\b(?:merge|code|release|deploy(?:ment)?) freeze\b|\b(?:disable|turn off|cancel) auto-?merge\b"
    rf"|\b(?:delay|postpone|defer) (?:(?:the|this|that|it|any) )?{_MERGE}"
    rf"|{_PART}(?:delay|postpone|defer|avoid|refrain from)\s(?:{_OBJECT}|(?:any )?{_MERGE})"
    r"|\b(?:this|it|pr|merge|merging|we|you)(?:(?:.ll| will)(?: have to)?|(?: still)? (?:has|have|needs?|ought|got) to)"
    r" wait\b"
    r"|#\d{1,9}\b(?:,| \w{1,20}){1,5} first\s*(?:$|[.,;:!?)])|\b(?:merge|land|ship) #\d{1,9} first\b"
    r"|#\d{1,9}(?: \w{1,20}){0,4} before (?:this|it)\b|\b(?:in|goes|go|comes?) after (?:\w+/[\w.-]+)?#\d"
    r"|^/(?:hold\b(?! cancel)|wip\b)"
    # whoever merges it themselves, or at another time
    r"|\b(?:i.ll|i will|i.d rather|i.d like to|i want to|let me) (?:(?:rather|do|just|then|to|the|be) ){0,3}"
    r"(?:merg(?:e|ing)|land|ship)\b|\bmerg\w*\b[^.;!?\n]{0,25} (?:myself|by hand|manually)\b"
    r"|\bleave\b[^.;!?\n]{0,25} to me\b"
    r"|\b(?:be merged|merge|ship|land|deploy|release)(?: (?:it|this|that))?(?: only)?"
    rf" (?:(?:on )?{_DAY}|tomorrow|tonight|next|later|on (?:the )?\d{{1,2}}|at \d{{1,2}}|after the weekend)\b"
    # whoever approved in error
    r"|\b(?:withdraw|revoke|retract|rescind|ignore|disregard|undo|dismiss|take back) (?:my|this|the|that) "
    r"(?:approval|approve|review|lgtm|\+1)|\btake (?:it|that|this|my \w+) back\b|\bwrong button\b"
    r"|\baccidental(?:ly)? approv"
    r"|\b(?:approv|lgtm|review|click|press)\w*\b[^.;!?\n]{0,30} wrong (?:pr|pull|one|tab|button|window|thing|branch)\b"
    r"|\bapproval (?:is )?(?:withdrawn|revoked|retracted)\b|\bi (?:retract|withdraw|revoke) (?:this|that|it|my)\b"
    r"|\bmis-?click|\bunapprov(?:e|ed|ing)\b|\bmeant for (?:#|an?other|the other|a different)"
    r"|\b(?:did ?n.?t|did not|never) mean to (?:approve|lgtm|click|press|submit)\b|^/(?:lgtm|approve) cancel\b"
    r"|\bmeant to (?:request|reject|comment|approve (?:#|an?other|the other))|^/remove-(?:lgtm|approve)\b"
    r"|\b(?:approv\w*|lgtm|click\w*|press\w*)\b[^.;!?\n]{0,30} (?:(?:by|a) (?:mistake|accident)|accidentally|in error"
    r"|too (?:early|soon|quickly|fast)|premature(?:ly)?)\b"
    rf"|{_PART}(?:(?:wait|hold|halt|pause|wip|dnm)\b|don.t(?=\s*(?:$|[.,;:!\])]))|(?:still )?waiting (?:for|on)\b"
    r"|(?:still )?awaiting\b(?! (?:\w+ ){0,2}(?:promises?|futures?|tasks?|coroutines?|calls?|async)\b)"
    rf"|(?:close|abandon|park|freeze) (?:this|it|the pr)\b|(?:stop|blocked)(?=\s*(?:$|[^\s\w]|{_OBJECT})))",
    re.IGNORECASE | re.MULTILINE,
)
# That it is not good as it stands.
_ASKS: Final = re.compile(
    r"\b(?:but|however|though|just|only|yet),? (?:please|pls|let|fix|rename|remove)\b"
    r"|\bbefore (?:(?:the|we|you|this|it) )?(?:is )?merg\w*|\bNACK\b|\bdisapprov"
    r"|\b(?:but|however|though|yet),? (?:(?:it|this|that) (?:still |also |now )?(?:breaks|crashes|fails|leaks)"
    r"(?! no(?:thing)?\b)|(?:(?:it|this|that) (?:still )?(?:has|is)|there(?:.s| is| are| seems?| may| might))"
    r"(?! (?:no|not|nothing|never)\b)[^.;!?\n]{0,40}? (?:security|vulnerab\w+|holes?|bugs?|broken|crash\w*|wrong|leaks?"
    r"|races?|regressions?|problems?|issues?|missing)\b)"
    r"|\b(?:but|however|though|yet),? (?!no(?:t|thing|ne|body)?\b)(?:\w{1,20} ){0,2}\w{1,20}?(?:.s| is| are)"
    r" (?:still |now )?(?:broken|wrong|missing|failing|red|buggy|unsafe|insecure)\b"
    r"|\bthere(?:.s| is| are) (?:\w+ ){0,3}(?:security|vulnerabilit)"
    r"|\b(?:requires?|depends? on|needs?) (?:\w+ )?(?:https?://|[\w./-]*#\d)"
    rf"|{_PART}(?:(?:no|nope|nah|no[- ]go|(?:absolutely|certainly) not|do not|don.t)(?=\s*(?:$|[.,;:!\])]))"
    r"|(?:(?:this|that|it).?(?: i)?s )?not (?:ok|okay|good|like this|so fast)\b"
    rf"|reject(?:ed)?(?=\s*(?:$|[^\s\w]|{_OBJECT})))",
    re.IGNORECASE | re.MULTILINE,
)
# Words that sound like the above and stop nothing. They are left out before it is looked for; no more than these, since
# what follows them may stop.
_GOOD: Final = r"\b(?:approv(?:ed|ing)|lgtm|looks? (?:\w+ )?(?:good|great|fine|ok(?:ay)?)(?: to me)?)"
_HARMLESS: Final = re.compile(
    r"(?:\b(?:no|any|without)(?: more)? )?\bmerge conflicts?\b"
    r"|\bno (?:rebas\w+|squash\w*|merg(?:e|ing)|deploy\w*|release) (?:\w+ )?(?:needed|required|necessary)\b"
    r"|\bno release notes?(?: (?:is |are )?(?:needed|required|necessary))?\b"
    r"|\b(?:no|(?:do ?n.?t|do not|can.?t|cannot) see (?:a|any)) (?:\w+ )?reasons? (?:why )?(?:(?:we|you|this|it) )?"
    r"(?:not to|to not|(?:should|can|could)(?: ?not|n.?t))\b|\bcan(?:.?t|not| not) wait\b"
    r"|\b(?:not|isn.?t|no longer|no more|never) (?:on[- ]hold|blocked|wip|dnm|work in progress)\b"
    r"|\b(?:modulo|minus|barring) (?:(?:the|some|minor|small|a few|tiny) ){0,3}nits?\b"
    r"|\bif (?:a (?:bit|little|tad)|slightly|somewhat) \w+(?=\s*(?:$|[.,;:!?)]))"
    r"|\bif (?:we|you|anyone|anything|something|users|it|this|there)(?: \w+){0,3} (?:problems?|issues?|bugs?|breaks?"
    r"|wrong),? (?:(?:we|you|i|just|please|can|could|will) ){0,3}(?:revert|roll|ping|tell)\b"
    rf"|{_GOOD} (?:when (?:i |we )?(?:run|ran|try|tried|tested)|after (?:testing|trying|discuss(?:ion|ing)|talking))\b"
    r"(?! (?:is|has|was|by|passes|finishes|ends|succeeds)\b)"
    r"|\bnot yet (?:used|needed|called|wired|exposed|enabled|visible)\b"
    r"|(?<!\bit )(?<!\bthis )(?<!\bthat )(?<!\bwe )(?<!\byou )(?<!\bmerge )(?<!\bmerging )(?<!\bpr )(?<!\brequest )"
    r"(?<!\brelease )\b(?:can|could|may) wait (?:until|till)\b",
    re.IGNORECASE | re.MULTILINE,
)
# Looked for in the source, since a reader's eye does not take these for the words of a line.
_WAIT_SIGNS: Final = re.compile(
    r"^\W{0,9}\[\s*(?:wip|dnm|hold|stop|wait|on hold|blocked|draft)\b"
    r"|[\U0001f6d1\u270b\u26d4\U0001f6ab]|:(?:stop_sign|no_entry|raised_hand|hand):",
    re.IGNORECASE | re.MULTILINE,
)
_ASK_SIGNS: Final = re.compile(
    r"^\W{0,9}\[\s*(?:no|nope)\b|(?:^|[.,;:!(]\s?|\b(?:lgtm|approved) )-1(?=\s*(?:$|[.,;:!)]))"
    r"|\U0001f44e|:(?:-1|thumbsdown):",
    re.IGNORECASE | re.MULTILINE,
)
# What it makes a condition of: "approved once CI is fixed". That the checks are green bee sees to, and "when you like"
# is none.
_YES: Final = (
    r"(?:approv\w*|lgtm|looks? (?:\w+ )?(?:good|great|fine|ok(?:ay)?)|ship|good to (?:go|merge)|merge|land|fine"
    r"|ok(?:ay)?|\+1|accept(?:ed)?|ready|\U0001f44d|\u2705)"
)
_IF: Final = (
    r"(?:once|if|when|unless|except(?:ing)?|provided|assuming|pending|modulo|minus|barring|as soon as|as long as"
    r"|so long as|on condition|on the condition|subject to|contingent|conditional|apart from|other than|aside from"
    r"|save for|with the exception|with the following)"
)
_AFTER: Final = (
    r"after(?! (?:(?:the|your) (?:last|latest|recent|new)|your|these|this|all|an? (?:\w+ )?(?:look|read|review))\b)"
)
_MET: Final = (
    r"(?! (?:(?:the|all|every|our|your|it|ci|checks?|tests?|builds?|pipelines?|everything|is|are|it.s|goes|turns?|you"
    r"|you.re) ){0,6}(?:green|pass(?:es|ed)?|succeeds?|ready|like|want|agree|wish|happy)\s*(?:$|[.,;:!?)]))"
    r"(?! (?:green )?(?:ci|checks|tests)\s*(?:$|[.,;:!?)]))"
)
_CONDITIONS: Final = re.compile(
    rf"(?<!\w){_YES}(?!\w)(?:[^.,;:!?\n]{{0,30}}?\s|\s*[,;:(\u2013\u2014-]+\s*)"
    rf"(?:(?:but|and|only|though|right)\s){{0,3}}{_IF}\b{_MET}"
    r"|(?<!\w)(?:approv\w*|ship(?: it)?|merge|land|good to (?:go|merge)|\+1|lgtm|ready to merge)(?!\w)"
    rf"[^.;!?\n]{{0,30}}?\s(?:only )?{_AFTER}{_MET}"
    rf"|{_PART}(?:only )?(?:{_IF}|after)\b{_MET}[^.;!?\n]{{1,60}}?[\s,]{_YES}(?!\w)"
    rf"|^(?:{_IF}|after)\b{_MET}[^.,;:!?\n]{{1,40}}[.!]?$"  # behind a thumb or a +1, which were cut off
    rf"|\b{_NOT}(?:\s[\w']{{1,20}}){{0,3}}?\s(?:approv\w*|lgtm|accept\w*)\b"
    r"|\b(?:conditional(?:ly)?|tentative(?:ly)?|provisional(?:ly)?|in principle|in theory)\b"
    rf"|\b(?:be|get) (?:merged|landed|shipped) (?:only )?(?:after|once)\b{_MET}"
    r"|\b(?:almost|nearly|not quite)\s(?:there|lgtm|good|ready|done|approved)\b"
    r"|\b(?:but|please|must|should|needs?)\b[^.;!?\n]{1,60}?\bfirst\s*(?:$|[.,;:!?)])"
    r"|\bthen\s(?:it.s\s|we can\s|you can\s|i.ll\s)?(?:approv\w*|lgtm|ship|merge|land)\b"
    r"|\bneeds? (?:work|changes|fixing|(?:a|another) (?:fix|rebase|change|look|review|approval)"
    r"|more (?:work|tests?|reviews?|time))\b|\b(?:lgtm|approved?)\s?\?",
    re.IGNORECASE | re.MULTILINE,
)
_LEADS: Final = " \n.,;:!?()[@-\u2013\u2014"
WORDS_SHOWN_MAX: Final = 80  # characters


def said_at(post: Post) -> int:
    """When its words as they stand were said, in seconds since the epoch: an edit says them anew."""
    return max(post.at, post.edited_at or 0)


def is_edited(post: Post) -> bool:
    """Whether its words were changed in a later second; a review that was corrected in draft was not."""
    return said_at(post) > post.at


def takes_back(post: Post) -> str:
    """Why a person's approval does not count, as what it does; empty where it counts.

    Its text was edited after it was given, says not to merge, or makes it a condition.
    """
    if is_edited(post):
        return "was edited since"
    found = said_against(post.body)
    return f"says \u201c{found}\u201d" if found else ""


def said_against(text: str) -> str:
    """The words by which an approval with this text takes itself back, in one line; empty where none does."""
    return _first_of(text, (_WAITS, _ASKS, _CONDITIONS), (_WAIT_SIGNS, _ASK_SIGNS))


def says_to_wait(text: str) -> str:
    """Those of them that say that it must wait, whatever is done about it; empty where none does."""
    return _first_of(text, (_WAITS,), (_WAIT_SIGNS,))


def _first_of(text: str, of_words: Sequence[re.Pattern[str]], of_source: Sequence[re.Pattern[str]]) -> str:
    read = reading(text)
    parts = [part for part in (read.headings, read.lines) if part]
    said = (_HARMLESS.sub(" ", "\n".join(words_of(one.source) for one in part)) for part in parts)
    tried = (pattern.search(part) for part in said for pattern in of_words)
    signs = (sign.search("\n".join(one.source for one in part)) for part in parts for sign in of_source)
    found = next(filter(None, chain(tried, signs)), None)
    return one_line(found[0].lstrip(_LEADS), WORDS_SHOWN_MAX) if found else ""


def as_heard(post: P, trust: Trust) -> P | None:
    """The post, where it is its trusted author's own word. Edited by somebody else, what asks for changes in it.

    Not a word of the text is left then: a review or a line comment asks by what it is, a comment by its marker, and a
    run by its verdict. None where nothing counts.
    """
    if trust.counts(post):
        return post
    if not trust.of(post.author):
        return None
    said = markers.parse(post.body)
    stops = "".join(map(markers.render, filter(None, map(_stop, said))))
    asks = not markers.named(post.body, markers.RUN) and _asks(post, bool(said))
    if not asks and not stops:
        return None
    left = replace(post, body=stops, edited_at=None, editor=None)
    return replace(left, state=ReviewState.CHANGES_REQUESTED) if isinstance(left, Review) and asks else left


def _asks(post: Post, marked: bool) -> bool:
    """Whether a person's post asks for changes by its kind, whatever its text is by now."""
    if isinstance(post, Review):
        comments = post.state is ReviewState.COMMENTED and not marked and not (post.author and post.author.bot)
        return post.state is ReviewState.CHANGES_REQUESTED or comments
    return isinstance(post, LineComment)


def _stop(marker: markers.Marker) -> markers.Marker | None:
    """What of a marker asks for changes, and nothing else of it."""
    if marker.name == markers.CHANGES_REQUESTED:
        return marker
    if marker.name == markers.RUN and marker.get("verdict") == "changes":
        return markers.Marker(marker.name, {key: marker.get(key) for key in ("id", "role", "verdict", "head")})
    return None
