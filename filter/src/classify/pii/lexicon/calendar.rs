//! Words of dates and times, in English, German, French, Spanish, Italian, Dutch, Portuguese,
//! and months in a few more languages.

use super::{
    AGO, DATE, DAY_PART, DAY_WORD, DURATION, MONTH, MONTH_WEAK, NUMBER_WORD, START, TIME_UNIT,
    WEEKDAY, WEEKDAY_WEAK, WHICH, YEAR,
};

/// Classes and their words.
pub(super) const WORDS: &[(u32, &str)] = &[
    (
        MONTH,
        "january february april june july september october november december enero febrero
         marzo abril junio julio septiembre octubre noviembre diciembre janvier février fevrier
         avril juin juillet août septembre octobre novembre décembre decembre januar februar
         märz maerz juni juli oktober dezember jänner gennaio febbraio aprile maggio giugno
         luglio settembre ottobre dicembre janeiro fevereiro março junho julho setembro outubro
         novembro dezembro januari februari maart augustus augusti stycznia lutego marca
         kwietnia maja czerwca lipca sierpnia września października listopada grudnia styczeń
         luty marzec kwiecień czerwiec lipiec sierpień wrzesień październik listopad grudzień
         şubat nisan mayıs haziran temmuz ağustos eylül kasım aralık января февраля марта
         апреля мая июня июля августа сентября октября ноября декабря январь февраль апрель
         июнь июль август сентябрь октябрь ноябрь декабрь",
    ),
    (
        MONTH_WEAK,
        "jan feb mar apr jun jul aug sep sept oct nov dec okt dez ene abr dic may march august
         mars mayo mai maio mei maj agosto ocak mart ekim août janv févr avr juil déc gen giu
         lug ott set out fev mrt mrz",
    ),
    (
        WEEKDAY,
        "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays
         thursdays fridays saturdays sundays lunes martes miércoles miercoles jueves viernes
         sábado domingo lundi mardi mercredi jeudi vendredi samedi dimanche montag dienstag
         mittwoch donnerstag freitag samstag sonnabend sonntag montags dienstags mittwochs
         donnerstags freitags samstags sonntags lunedì martedì mercoledì giovedì venerdì sabato
         domenica terça quarta quinta maandag dinsdag woensdag donderdag vrijdag zaterdag
         zondag понедельник вторник четверг пятницу",
    ),
    (
        WEEKDAY_WEAK,
        "mon tue tues wed thu thur thurs fri sat sun lun mié jue vie sáb dom mo di mi do fr sa
         so",
    ),
    (
        DAY_WORD,
        "today tomorrow yesterday tonight tmrw tmr noon midnight ayer anteayer hoy demain hier
         aujourd heute gestern vorgestern übermorgen oggi ieri domani dopodomani hoje ontem
         amanhã vandaag gisteren eergisteren overmorgen morgenochtend morgenmiddag morgenavond
         вчера сегодня завтра dzisiaj wczoraj jutro igår idag imorgon bugün yarın dün midi
         minuit medianoche mezzanotte mitternacht 今日 明日 昨日",
    ),
    (
        TIME_UNIT,
        "second seconds minute minutes hour hours day days week weeks weekend month months year
         years quarter decade decades century fortnight día dias días semana semanas mes meses
         año años hora horas minutos jour jours semaine semaines mois année années an ans heure
         heures tag tage tagen woche wochen monat monate monaten jahr jahre jahren stunde
         stunden minuten wochenende giorno giorni settimana settimane mese mesi anno anni ora
         ore minuti dia mês ano anos dag dagen maand maanden jaar uur weken spring summer
         autumn fall winter verano été sommer estate verão zomer morning afternoon evening
         night",
    ),
    (
        DAY_PART,
        "morning afternoon evening night noon midnight lunchtime mañana tarde noche matin soir
         midi nuit früh morgen vormittag nachmittag mittag abend nacht mattina pomeriggio sera
         notte manhã noite ochtend middag avond",
    ),
    (
        WHICH,
        "next last this past previous coming following pasado pasada próximo próxima esta este
         prochain prochaine dernier dernière letzte letzten letzter letztes nächste nächsten
         nächster nächstes diese diesen dieses kommenden kommende vorige vorigen scorso scorsa
         prossimo prossima questo questa passado passada volgende deze afgelopen komende",
    ),
    (
        START,
        "half quarter the hace vor há il mañana morgen a an few several couple mid late early
         his her their my your our",
    ),
    (AGO, "ago fa atrás geleden earlier назад later"),
    (
        DURATION,
        "for since during depuis pendant dans hace durante desde seit für vor da per há por
         sinds voor within every over",
    ),
    (
        NUMBER_WORD,
        "hundred one two three four five six seven eight nine ten eleven twelve thirteen
         fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty
         seventy eighty ninety dos tres cuatro cinco seis siete ocho nueve diez once doce trece
         catorce quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós
         veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve
         treinta cuarenta cincuenta sesenta setenta ochenta noventa deux trois quatre cinq sept
         huit neuf dix onze douze treize quatorze quinze seize vingt trente quarante cinquante
         soixante zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn
         fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig dreißig vierzig fünfzig sechzig
         siebzig achtzig neunzig due tre quattro cinque sette otto nove dieci undici dodici
         tredici quattordici quindici sedici diciassette diciotto diciannove venti trenta
         quaranta cinquanta sessanta settanta ottanta novanta dois três quatro sete oito dez
         doze treze catorze dezesseis dezessete dezoito dezenove vinte trinta quarenta
         cinquenta sessenta oitenta twee drie vijf zes zeven negen tien twaalf dertien veertien
         vijftien zestien zeventien achttien negentien twintig dertig veertig vijftig zestig
         zeventig tachtig negentig",
    ),
    (
        YEAR,
        "in since year years founded established est born copyright circa ca around until till
         before after during en desde año depuis année fondée seit jahr im gegründet nel dal
         anno dell em ano sinds jaar class vintage fy summary c from between early late mid от
         году",
    ),
    (
        DATE,
        "on due dated date until till by since before after deadline dob born birth birthday
         birthdate nacimiento naissance geburtsdatum geboren fecha datum data nascita
         nascimento geboortedatum vom bis del el le dal il dia at from am",
    ),
];
