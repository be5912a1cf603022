//! AGE: a number or number word that the words around, or its place in a record, make an age.

mod amount;
mod being;
mod place;
mod spoken;

use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::START;
use crate::classify::pii::{Entity, Kind};
use amount::Amount;

pub(crate) fn find(doc: &Doc, out: &mut Vec<Entity>) {
    let mut skip = 0;
    for i in 0..doc.tokens.len() {
        if i < skip {
            continue;
        }
        let start = doc.at(i).is(START);
        if start && let Some((start, end, next)) = amount::decade(doc, i) {
            out.push(Entity::new(Kind::Age, start, end, 0.7));
            skip = next;
            continue;
        }
        let Some(amount) = Amount::read(doc, i) else { continue };
        let score = spoken::score(doc, &amount).max(place::score(doc, &amount));
        if score >= crate::classify::pii::THRESHOLD {
            out.push(Entity::new(Kind::Age, amount.start, amount.end, score));
        }
        skip = amount.next;
    }
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(super::find, text)
    }

    #[test]
    fn ages() {
        for (text, age) in [
            ("She is 34 years old", "34"),
            ("aged 7", "7"),
            ("a 34yo man", "34yo"),
            ("he is in his mid-40s", "mid-40s"),
            ("a woman in her late thirties", "late thirties"),
            ("I'm forty-two", "forty-two"),
            ("when I was 12", "12"),
            ("turning nine", "nine"),
            ("Age: 41", "41"),
            ("{\"age\": 41}", "41"),
            ("Maria Lopez, 41, of Leeds", "41"),
            ("Explain to Bob (7) why", "7"),
            ("Tengo 34 años", "34"),
            ("Ich bin 23 Jahre alt", "23"),
            ("J'ai vingt-sept ans", "vingt-sept"),
            ("a 9-year-old", "9"),
            ("年齢：41歳", "41"),
            ("Mijn moeder is 71 jaar", "71"),
            ("my dad is 81, should he drive?", "81"),
        ] {
            assert_eq!(found(text), [age], "{text}");
        }
    }

    #[test]
    fn tempting() {
        for text in [
            "406",
            "-15",
            "30%",
            "5.3.1",
            "I'm 5 minutes away",
            "it is 25",
            "chapter 12",
            "Page 412, line 17, footnote 3.",
            "Numbers: 8, 15, 16, 23, 42.",
            "5 newtons",
            "f(x) = 2",
            "Bus 42 was full",
            "Figure 3.2 and equation (5)",
            "Room 34 is next to the stairs.",
            "for 20 years",
            "depuis 5 ans",
            "seit 3 Jahren",
            "over 9000",
            "The answer is 42.",
            "Level 34 boss",
            "I am 90 percent sure",
            "The dress is size 42, the shoes are size 38.",
            "age limit",
            "Section (12)",
            "Blood pressure 128/82",
            "a 10 year mortgage",
            "ports 80, 443",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
