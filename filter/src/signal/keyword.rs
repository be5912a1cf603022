//! Keywords in a prompt: literal, and as whole words where they are words.
//!
//! All keywords of all rules are looked for in one pass, by an automaton that
//! is made once for a configuration.

mod text;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::{Signal, Truth};
use crate::config::{ConditionKind, KeywordOperator, KeywordRule};
use text::{fold, is_word};

/// The keyword rules that decisions ask for.
pub struct Keywords {
    rules: Vec<Rule>,
    exact: Set,
    folded: Set,
}

struct Rule {
    name: String,
    operator: KeywordOperator,
    case_sensitive: bool,
    /// Which keywords of its set are its own.
    keywords: Vec<usize>,
}

impl Keywords {
    /// Makes rules ready.
    pub fn of<'a>(rules: impl Iterator<Item = &'a KeywordRule>) -> Self {
        let (mut exact, mut folded) = (Vec::new(), Vec::new());
        let mut place = |rule: &KeywordRule| {
            let known = if rule.case_sensitive { &mut exact } else { &mut folded };
            let first = known.len();
            let words = rule.keywords.iter().filter(|keyword| !keyword.is_empty());
            known.extend(
                words.map(|word| if rule.case_sensitive { word.clone() } else { fold(word) }),
            );
            Rule {
                name: rule.name.clone(),
                operator: rule.operator,
                case_sensitive: rule.case_sensitive,
                keywords: (first..known.len()).collect(),
            }
        };
        let rules = rules.map(&mut place).collect();
        Self { rules, exact: Set::of(&exact), folded: Set::of(&folded) }
    }

    /// Whether there are no rules.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What each rule says of a prompt, in file order.
    pub fn signals(&self, prompt: &str) -> Vec<Signal> {
        let exact = self.exact.found_in(prompt);
        let folded = if self.folded.edges.is_empty() {
            Some(Vec::new())
        } else {
            self.folded.found_in(&fold(prompt))
        };
        let signal = |rule: &'_ Rule| {
            let found = if rule.case_sensitive { &exact } else { &folded };
            rule.truth(found.as_deref())
        };
        let kind = ConditionKind::Keyword;
        let each = self.rules.iter();
        each.map(|rule| Signal { kind, name: rule.name.clone(), truth: signal(rule), score: None })
            .collect()
    }
}

impl Rule {
    /// Whether the rule holds where these keywords of its set were found. One
    /// without keywords does not, whatever its operator.
    fn truth(&self, found: Option<&[bool]>) -> Truth {
        let Some(found) = found else { return Truth::Unknown };
        let mut own = self.keywords.iter().map(|at| found.get(*at).copied().unwrap_or(false));
        let holds = match self.operator {
            KeywordOperator::And => own.all(|found| found),
            KeywordOperator::Or => own.any(|found| found),
            KeywordOperator::Nor => !own.any(|found| found),
        };
        Truth::of(holds && !self.keywords.is_empty())
    }
}

/// Keywords that are looked for together.
struct Set {
    /// `None` where there is none, or the automaton cannot be built.
    automaton: Option<AhoCorasick>,
    /// Whether each keyword begins, and ends, with a part of a word.
    edges: Vec<(bool, bool)>,
}

impl Set {
    fn of(keywords: &[String]) -> Self {
        let is_edge = |character: Option<char>| character.is_some_and(is_word);
        let edges = keywords
            .iter()
            .map(|word| (is_edge(word.chars().next()), is_edge(word.chars().next_back())));
        let edges = edges.collect();
        // The smallest of the automata that are fast.
        let built =
            AhoCorasick::builder().kind(Some(AhoCorasickKind::ContiguousNFA)).build(keywords);
        let automaton = built.map_err(|error| log::error!("keyword_rules: {error}")).ok();
        Self { automaton, edges }
    }

    /// Which of the keywords are in a text; `None` where nobody can tell.
    fn found_in(&self, text: &str) -> Option<Vec<bool>> {
        let mut found = vec![false; self.edges.len()];
        let mut missing = found.len();
        if missing == 0 {
            return Some(found);
        }
        let matches = self.automaton.as_ref()?.try_find_overlapping_iter(text).ok()?;
        for one in matches {
            if missing == 0 {
                break;
            }
            let at = one.pattern().as_usize();
            let (Some(place), Some(edges)) = (found.get_mut(at), self.edges.get(at)) else {
                continue;
            };
            if !*place && stands_alone(text, one.range(), *edges) {
                *place = true;
                missing -= 1;
            }
        }
        Some(found)
    }
}

/// Whether a keyword that begins or ends with a part of a word is not a part of
/// a longer one there.
fn stands_alone(text: &str, range: std::ops::Range<usize>, (starts, ends): (bool, bool)) -> bool {
    let before = text.get(..range.start).and_then(|text| text.chars().next_back());
    let after = text.get(range.end..).and_then(|text| text.chars().next());
    let goes_on = starts && before.is_some_and(is_word) || ends && after.is_some_and(is_word);
    !goes_on
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(name: &str, operator: KeywordOperator, keywords: &[&str]) -> KeywordRule {
        KeywordRule {
            name: name.to_owned(),
            operator,
            keywords: keywords.iter().map(|word| (*word).to_owned()).collect(),
            case_sensitive: false,
        }
    }

    fn said(rules: &[KeywordRule], prompt: &str) -> Vec<Truth> {
        let keywords = Keywords::of(rules.iter());
        keywords.signals(prompt).iter().map(|signal| signal.truth).collect()
    }

    fn holds(rule: KeywordRule, prompt: &str) -> bool {
        said(&[rule], prompt) == [Truth::Holds]
    }

    #[test]
    fn operators_combine_keywords() {
        use KeywordOperator::{And, Nor, Or};
        for (operator, keywords, prompt, wanted) in [
            (Or, &["urgent", "asap"][..], "This is URGENT!", true),
            (Or, &["urgent", "asap"], "no hurry", false),
            (And, &["credit card", "number"], "My credit card has a number.", true),
            (And, &["credit card", "number"], "My credit card.", false),
            (Nor, &["spam", "offer"], "How are you?", true),
            (Nor, &["spam", "offer"], "An OFFER for you", false),
            (Or, &[], "anything", false),
            (And, &[], "anything", false),
            (Nor, &[], "anything", false),
        ] {
            let rule = rule("r", operator, keywords);
            assert_eq!(holds(rule, prompt), wanted, "{operator:?} {keywords:?}: {prompt}");
        }
    }

    #[test]
    fn every_rule_that_holds_is_told() {
        let rules = [
            rule("a", KeywordOperator::Or, &["sql", "query"]),
            rule("b", KeywordOperator::Or, &["query plan"]),
            rule("c", KeywordOperator::Nor, &["query"]),
        ];
        let told = said(&rules, "explain this SQL query plan");
        assert_eq!(told, [Truth::Holds, Truth::Holds, Truth::Fails]);
    }

    #[test]
    fn words_are_found_whole_and_literally() {
        for (keyword, prompt, wanted) in [
            ("art", "the art of war", true),
            ("art", "a smart start", false),
            ("art", "art", true),
            ("art", "state_of_art2", false),
            ("c++", "I write C++ code", true),
            ("c++", "I write C++", true),
            ("c++", "abc++ is something else", false),
            (".net", "use .NET here and asp.net there", true),
            (".net", "a .network", false),
            ("a.b", "aXb", false),
            ("a.b", "is a.b there?", true),
            (r"\bcode\b", "some code", false),
            (r"\bcode\b", r"a literal \bcode\b indeed", true),
            ("->", "a->b", true),
            ("?!", "what?!", true),
            ("new  york", "new york", false),
        ] {
            let rule = rule("r", KeywordOperator::Or, &[keyword]);
            assert_eq!(holds(rule, prompt), wanted, "{keyword}: {prompt}");
        }
    }

    #[test]
    fn case_is_folded_in_every_script_unless_it_counts() {
        for (keyword, prompt, wanted) in [
            ("übung", "ÜBUNG macht den Meister", true),
            ("straße", "die STRASSE", true),
            ("οδος", "Η ΟΔΟΣ", true),
            ("срочно", "СРОЧНО!", true),
            ("caf", "café", false),
            ("cafe", "cafe\u{301}", false),
            ("紧急", "这是紧急情况", true),
            ("ด่วน", "งานด่วนมาก", true),
            ("gpu", "这个GPU很快", true),
        ] {
            let rule = rule("r", KeywordOperator::Or, &[keyword]);
            assert_eq!(holds(rule, prompt), wanted, "{keyword}: {prompt}");
        }
        let exact =
            KeywordRule { case_sensitive: true, ..rule("r", KeywordOperator::Or, &["SQL"]) };
        assert!(holds(exact.clone(), "some SQL") && !holds(exact, "some sql"));
    }

    #[test]
    fn a_keyword_inside_another_is_found_too() {
        let rules = [rule("r", KeywordOperator::And, &["new york", "york", "new york city"])];
        assert_eq!(said(&rules, "in new york city"), [Truth::Holds]);
        let again = [rule("r", KeywordOperator::Or, &["art"])];
        assert_eq!(said(&again, "smart starts, then art"), [Truth::Holds], "not only the first");
    }

    #[test]
    fn a_long_prompt_takes_one_pass() {
        let words: Vec<String> = (0..500).map(|n| format!("word{n}")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let rules = [rule("r", KeywordOperator::And, &words)];
        let prompt = "wordword1 ".repeat(100_000) + &words.join(" ");
        assert_eq!(said(&rules, &prompt), [Truth::Holds]);
    }
}
