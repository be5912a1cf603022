//! `DATE_TIME`: dates in digits, dates with month names, times, relative dates, lone years.

mod named;
mod numeric;
mod relative;
mod time;
mod year;

use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{
    DAY_WORD, MONTH, MONTH_WEAK, NUMBER_WORD, START, TIME_UNIT, WEEKDAY, WEEKDAY_WEAK, WHICH,
};
use crate::classify::pii::token::Shape;
use crate::classify::pii::{Entity, Kind};

/// A candidate: first byte, end, score.
type Span = Option<(usize, usize, f32)>;

/// Classes of the words that may begin a date.
const STARTERS: u32 = MONTH
    | MONTH_WEAK
    | WEEKDAY
    | WEEKDAY_WEAK
    | WHICH
    | DAY_WORD
    | TIME_UNIT
    | NUMBER_WORD
    | START;

pub(crate) fn find(doc: &Doc, has_card: bool, out: &mut Vec<Entity>) {
    let mut skip = 0;
    for i in 0..doc.tokens.len() {
        let t = doc.at(i);
        // Most words begin no date.
        if t.start < skip || t.is_word() && !t.is(STARTERS) {
            continue;
        }
        let found = match t.shape {
            Shape::Number => numeric::find(doc, i, has_card)
                .or_else(|| named::day_first(doc, i))
                .or_else(|| relative::amount(doc, i))
                .or_else(|| time::find(doc, i))
                .or_else(|| year::find(doc, i)),
            Shape::Word => named::find(doc, i)
                .or_else(|| relative::find(doc, i))
                .or_else(|| time::spoken(doc, i)),
            Shape::Nothing => None,
        };
        if let Some((start, end, score)) = found {
            let end = time::after(doc, end);
            out.push(Entity::new(Kind::DateTime, start, end, score));
            skip = end;
        }
    }
}

#[cfg(test)]
mod tests {
    fn found(text: &str) -> Vec<&str> {
        crate::classify::pii::testing::found(|doc, out| super::find(doc, false, out), text)
    }

    #[test]
    fn dates() {
        for (text, date) in [
            ("on 2024-03-05.", "2024-03-05"),
            ("born 03/05/1984", "03/05/1984"),
            ("5.3.2024", "5.3.2024"),
            ("2024-03-05T14:22:11.123Z up", "2024-03-05T14:22:11.123Z"),
            ("05/Mar/2024:14:22:11 +0000", "05/Mar/2024:14:22:11 +0000"),
            ("March 5, 2024 at 3:30 pm", "March 5, 2024 at 3:30 pm"),
            ("the 5th of May 2024", "the 5th of May 2024"),
            ("Friday, June 7 2019", "Friday, June 7 2019"),
            ("5 de marzo de 2024", "5 de marzo de 2024"),
            ("am 5. März 2024 um 14:30", "5. März 2024 um 14:30"),
            ("in May", "May"),
            ("since 1999", "1999"),
            ("back in the 90s", "the 90s"),
            ("3 days ago", "3 days ago"),
            ("hace dos semanas", "hace dos semanas"),
            ("next Tuesday morning", "next Tuesday morning"),
            ("lunes pasado", "lunes pasado"),
            ("2024年3月5日", "2024年3月5日"),
            ("at 5pm", "5pm"),
            ("half past seven", "half past seven"),
            ("à 14h30", "14h30"),
            ("la semaine prochaine", "la semaine prochaine"),
        ] {
            assert_eq!(found(text), [date], "{text}");
        }
    }

    #[test]
    fn tempting() {
        for text in [
            "2024-13-45",
            "35/66/1999",
            "27:75",
            "25/63",
            "16:9",
            "4:3",
            "won 3-2",
            "v2.4.1",
            "section 4.2.1",
            "3.14",
            "10.5 GB",
            "chapter 12",
            "second law",
            "may I",
            "you may leave",
            "they march in step",
            "march on the fortress",
            "the sun",
            "sat down",
            "1999",
            "7/8 minus 1/4",
            "f/2.8",
            "128/82",
            "1/250",
            "verses 3:16 and 4:2",
            "$1,299.99",
            "5 newtons",
            "24-70 mm",
            "2 3/4 cups",
            "978-0-00-000000-2",
            "192.168.1.20",
            "width: 1920",
            "I am 5",
            "sec. 3",
            "a dec value",
            "mar the finish",
            "Set the oven",
            "ISO 8601",
            "ISO 400",
            "Guten Morgen",
        ] {
            assert!(found(text).is_empty(), "{text} {:?}", found(text));
        }
    }
}
