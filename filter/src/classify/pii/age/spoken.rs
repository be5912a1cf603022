//! Ages in sentences: what stands before and after the number.

use super::amount::Amount;
use super::being::{being, follows, moment};
use crate::classify::pii::doc::Doc;
use crate::classify::pii::lexicon::{AGE, BE, DURATION, MEASURE, PERSON, YEARS};

pub(super) fn score(doc: &Doc, a: &Amount) -> f32 {
    if a.unit {
        return 0.85;
    }
    old(doc, a)
        .max(asked(doc, a))
        .max(years(doc, a))
        .max(named(doc, a))
        .max(being(doc, a))
        .max(moment(doc, a))
}

/// How old are you? 34. Is 13 too young? "x = 34" is her age.
fn asked(doc: &Doc, a: &Amount) -> f32 {
    let i = a.first;
    let old = (3..=7).any(|k| {
        let j = i.wrapping_sub(k);
        doc.is_any(j, &["old"]) && doc.is_any(j.wrapping_sub(1), &["how"])
    });
    let young = doc.is_any(a.next, &["too"]) && doc.is_any(a.next + 1, &["young", "old"]);
    let equal = doc.gap_before(i).contains('=') || doc.is_any(i.wrapping_sub(1), &["is"]);
    let same = !doc.gap_before(a.next).contains([';', ',']);
    let age = equal && same && (1..=3).any(|k| doc.is_any(a.next + k, &["age"]));
    if (old && follows(doc, a)) || young || age { 0.6 } else { 0.0 }
}

/// 34 years old, 34 years of age, 34-year-old.
fn old(doc: &Doc, a: &Amount) -> f32 {
    let j = a.next;
    let year = doc.is_any(
        j,
        &["year", "years", "yr", "yrs", "month", "months", "week", "weeks", "day", "days"],
    );
    let near = matches!(doc.gap_before(j), " " | "-" | "") && matches!(doc.gap(j), " " | "-");
    let said = doc.is_any(j + 1, &["old", "olds"])
        || doc.is_any(j + 1, &["of"]) && doc.is_any(j + 2, &["age"]);
    let alt = doc.at(j).is(YEARS) && doc.is_any(j + 1, &["alt", "oud"]);
    let summers = doc.is_any(
        j,
        &[
            "jährige",
            "jähriger",
            "jähriges",
            "yaşında",
            "yaşındayım",
            "лет",
            "歳",
            "岁",
            "才",
            "jarige",
        ],
    );
    if (near && (year && said || alt)) || summers { 0.95 } else { 0.0 }
}

/// 34 años, 34 ans, 34 anni: an age unless a word before makes it a duration.
fn years(doc: &Doc, a: &Amount) -> f32 {
    let unit = doc.at(a.next).is(YEARS)
        && !doc.is_any(a.next, &["year", "years", "yr", "yrs", "yo", "yos", "old", "anno"]);
    if !unit || doc.gap_before(a.next) != " " || doc.near_before(a.first, 2, DURATION) {
        return english_years(doc, a);
    }
    let ago =
        doc.is_any(a.next + 1, &["fa", "atrás", "geleden", "lang", "d", "de", "di", "später"]);
    let de = doc.is_any(a.next + 1, &["de", "di"]) && doc.name_like(doc.at(a.next + 2));
    let have = doc.near_before(a.first, 2, BE | AGE | PERSON);
    let comma = doc.gap_before(a.first) == ", ";
    let les = doc.is_any(a.first.wrapping_sub(1), &["les", "ses", "mes", "los", "i", "os", "är"]);
    if ago && !de {
        0.0
    } else if have || comma || les || de {
        0.85
    } else {
        0.3
    }
}

/// "I has 41 years", "over 41 years": English years need a person.
fn english_years(doc: &Doc, a: &Amount) -> f32 {
    let said =
        doc.is_any(a.next, &["years"]) && doc.is_any(a.first.wrapping_sub(1), &["has", "have"]);
    let end = doc.gap(a.next).starts_with(['.', '"', ',']);
    if said && end && doc.near_before(a.first, 3, PERSON) { 0.6 } else { 0.0 }
}

/// Age: 34, aged 34, turning 34, edad: 34.
fn named(doc: &Doc, a: &Amount) -> f32 {
    let i = a.first;
    let gap = doc.gap_before(i);
    let open = gap.len() <= 8 && !gap.contains(['.', ')', ';', '<', '>', '+', '*', '%', '[']);
    let prior = doc.back(i, 1);
    let word = doc.word(i.wrapping_sub(1));
    // 年齢, 今年
    let sign = matches!(word, "齢" | "龄")
        || doc.is_any(i.wrapping_sub(1), &["年"]) && doc.is_any(i.wrapping_sub(2), &["今"]);
    let measure = doc.at(a.next).is(MEASURE)
        && doc.gap_before(a.next) == " "
        && !doc.is_any(a.next, &["years", "year", "months", "of"]);
    if !open || measure {
        return 0.0;
    }
    if sign {
        return 0.9;
    }
    if prior.is(AGE) && (a.digits || !prior.is(0)) {
        let turn = doc.is_any(i.wrapping_sub(1), &["turns", "turning", "turned"]);
        let sure = !turn || follows(doc, a) || a.digits && doc.near_before(i, 3, PERSON);
        return if sure { 0.9 } else { 0.3 };
    }
    let linked = doc.is_any(
        i.wrapping_sub(1),
        &[
            "is", "as", "of", "was", "a", "over", "under", "gate", "years", "turn", "her", "group",
            "around", "about",
        ],
    );
    if doc.is_any(i.wrapping_sub(1), &["turn"])
        && a.digits
        && follows(doc, a)
        && doc.near_before(i, 4, PERSON)
    {
        return 0.7;
    }
    let before = doc.back(i, 2).is(AGE) || linked && doc.back(i, 3).is(AGE);
    let far = doc.back(i, 3).is(AGE) || doc.back(i, 4).is(AGE);
    if linked && before {
        0.8
    } else if linked && far && follows(doc, a) {
        0.6
    } else {
        0.0
    }
}
