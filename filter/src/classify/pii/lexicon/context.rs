//! Context words of the identifiers, multilingual where the forms are.

use super::{CARD, DRIVING, EXPIRY, LICENCE, PHONE, SSN, STATE, STREET, WEB, ZIP};

/// Classes and their words.
pub(super) const WORDS: &[(u32, &str)] = &[
    (
        PHONE,
        "phone phones telephone tel mobile mob cell cellphone call calls called calling caller
         fax text texted txt sms whatsapp ring rang reach reached dial dialled contact contacts
         voicemail landline hotline domande questions ph number handy details rsvp spam rief
         numero número teléfono telefono móvil movil celular llamar llámame téléphone portable
         appeler appelle appelez joindre telefon telefonnummer mobil mobilnummer rufnummer
         anrufen ruft rückruf festnetz cellulare chiamare chiama chiamami telefone ligar ligue
         telefoon telefoonnummer mobiel bel bellen komórka dzwoń telefonu тел телефон номер
         позвоните 電 話 电 机 手 signature emergency sign",
    ),
    (
        ZIP,
        "zip zipcode postcode postcodes postal postleitzahl plz cap cep cp kodu pin pincode
         postnummer postnr индекс 邮 郵 postage",
    ),
    (
        SSN,
        "ssn ssns social socials socialsecurity tin taxpayer itin sss seguro sozialversicherung
         sozialversicherungsnummer sécurité sociale previdência",
    ),
    (
        LICENCE,
        "license licence licenses licences dl dln oln cdl dmv lic licencia permis führerschein
         fuehrerschein führerscheinnummer patente carteira habilitação cnh rijbewijs
         driverslicense driverlicense prawo permit conducir",
    ),
    (
        DRIVING,
        "driver drivers driving rental clerk buyer photo typed motorista conduire conducir
         identity seized bmv wallet",
    ),
    (
        CARD,
        "card cards credit debit visa mastercard amex american discover cc pan ccnum payment
         tarjeta carte karte kreditkarte carta cartão cartao creditcard kaart maestro diners
         unionpay jcb",
    ),
    (
        EXPIRY,
        "exp expiry expires expire expiration expiring expired valid thru validity caduca
         caducidad vence vencimiento fin gültig gueltig ablauf scade scadenza validade vervalt
         geldig",
    ),
    (
        STREET,
        "st street ave avenue rd road blvd boulevard ln lane dr drive ct court pl place way ter
         terrace cir circle pkwy parkway trail hwy highway route box sq square crescent close
         gardens wynd kingsway apt apartment suite unit flat address adresse anschrift
         domicilio dirección direccion indirizzo endereço endereco adres adress адрес calle
         avenida avda av impasse faubourg strada camino carretera ronda plaza paseo carrera rue
         chemin allée quai cours via viale piazza corso vicolo rua travessa praça largo alameda
         straße strasse str weg platz gasse allee markt damm ufer laan straat plein gracht kade
         ulica ul aleja plac gatan vägen gata sokak cadde caddesi parcel label ship deliver
         delivery apto bis moved postage property resides lives hotel",
    ),
    (
        WEB,
        "visit site website web url domain domains host hostname homepage www http https dns
         nslookup dig ping whois server browse online portal redirect mx cname",
    ),
    (
        STATE,
        "alabama alaska arizona arkansas california colorado connecticut delaware florida
         georgia hawaii idaho illinois indiana iowa kansas kentucky louisiana maine maryland
         massachusetts michigan minnesota mississippi missouri montana nebraska nevada
         hampshire jersey mexico york carolina dakota ohio oklahoma oregon pennsylvania rhode
         tennessee texas utah vermont virginia washington wisconsin wyoming al ak az ar ca co
         ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny nc nd oh
         ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc pr",
    ),
];
