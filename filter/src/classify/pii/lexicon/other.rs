//! Words of ages, and words that mark a number as something else.

use super::{AGE, BE, MEASURE, OTHER_ID, PERSON, REFERENCE, YEARS};

/// Classes and their words.
pub(super) const WORDS: &[(u32, &str)] = &[
    (
        AGE,
        "age aged ages turning turns turned edad âge alter età eta idade leeftijd wiek ålder
         alder yaş возраст лет cumple cumplir 齢 龄",
    ),
    (
        YEARS,
        "year years yr yrs yo yos jahre jahren jährige jähriger jähriges ans años anos anni
         anno jaar lat år yaşında yaşındayım лет год года 歳 岁 才 old",
    ),
    (
        PERSON,
        "i im he she we hes shes they who you mum mom mother father dad wife husband son
         daughter kid child sister brother grandmother grandfather grandma grandpa granny
         nephew niece aunt uncle cousin partner boyfriend girlfriend baby toddler patient
         client respondent guy man woman boy girl student yo ich er sie je j il elle ella él mi
         ma mon ha mijn moeder vader madre padre abuela abuelo mère père grand roommate
         applicant another age vati mutter vater oma opa sohn tochter fils fille hijo hija
         figlio figlia filho filha zoon dochter lei lui мне ему ей",
    ),
    (
        BE,
        "am is are was were m s re be been im hes shes bin ist war sono è é tenho tengo ai est
         ho",
    ),
    (
        OTHER_ID,
        "order orders ticket isbn issn ean upc barcode invoice tracking sku serial part case
         batch lot model imei vin policy docket item items article coupon pin otp po drawing
         catalogue catalog container shipment reference ref bestellung pedido commande ordine
         zamówienie bestelling sipariş заказ rechnung factura facture fattura uuid guid hash
         commit build routing port exhibit locker gate room bus seat track volume episode level
         page pages",
    ),
    (
        REFERENCE,
        "version versions v ver release firmware build rev revision upgrade section sections
         chapter chapters figure fig table tables equation eq verse verses clause article
         paragraph appendix psalm genesis romans ratio aspect score scored ended resolution
         lines line step part volume vol no nr note exercise question level grade room floor
         gate track page pages row column kernel python node java odds psalms match",
    ),
    (
        MEASURE,
        "percent per pct kg g mg lb lbs km m cm mm ft feet inch inches miles mile minutes
         minute min mins seconds secs hours hour hrs days day weeks week months month times
         degrees points people items pages dollars euros usd eur gb mb tb kb hz mhz ghz ms
         watts volts bpm rpm meters metres of more out hundred thousand million years",
    ),
];
