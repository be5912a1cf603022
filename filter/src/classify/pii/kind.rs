//! The types of personal data.

/// A type of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's age.
    Age,
    /// A payment card number.
    CreditCard,
    /// A date, a time, or both, absolute or relative.
    DateTime,
    /// A domain name.
    DomainName,
    /// An e-mail address.
    EmailAddress,
    /// A country, city or state.
    Gpe,
    /// An international bank account number.
    IbanCode,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// A nationality, religion or political group.
    Nrp,
    /// A company, agency or institution.
    Organization,
    /// A person's name.
    Person,
    /// A telephone number.
    PhoneNumber,
    /// A street with a house number.
    StreetAddress,
    /// A US driver's license number.
    UsDriverLicense,
    /// A US social security number.
    UsSsn,
    /// A postal code.
    ZipCode,
}

impl Kind {
    /// The name used in configuration and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Age => "AGE",
            Self::CreditCard => "CREDIT_CARD",
            Self::DateTime => "DATE_TIME",
            Self::DomainName => "DOMAIN_NAME",
            Self::EmailAddress => "EMAIL_ADDRESS",
            Self::Gpe => "GPE",
            Self::IbanCode => "IBAN_CODE",
            Self::IpAddress => "IP_ADDRESS",
            Self::Nrp => "NRP",
            Self::Organization => "ORGANIZATION",
            Self::Person => "PERSON",
            Self::PhoneNumber => "PHONE_NUMBER",
            Self::StreetAddress => "STREET_ADDRESS",
            Self::UsDriverLicense => "US_DRIVER_LICENSE",
            Self::UsSsn => "US_SSN",
            Self::ZipCode => "ZIP_CODE",
        }
    }
}

impl Kind {
    /// All types.
    pub const ALL: [Self; 16] = [
        Self::Age,
        Self::CreditCard,
        Self::DateTime,
        Self::DomainName,
        Self::EmailAddress,
        Self::Gpe,
        Self::IbanCode,
        Self::IpAddress,
        Self::Nrp,
        Self::Organization,
        Self::Person,
        Self::PhoneNumber,
        Self::StreetAddress,
        Self::UsDriverLicense,
        Self::UsSsn,
        Self::ZipCode,
    ];

    /// The type of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
