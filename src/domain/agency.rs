//! What kind of agency takes part, because its kind decides what it may do by default and how it
//! is named in a report that leaves the tracker.

use super::codes::codes;

codes! {
    /// The kind of an agency.
    pub enum AgencyType {
        /// Children's social care of a local authority, or the company that runs it.
        LaChildrensServices => "la_childrens_services",
        /// A team inside an agency that escalates or answers under its own name.
        Team => "team",
        /// A territorial police force.
        Police => "police",
        /// The business unit of the safeguarding partnership.
        PartnershipUnit => "partnership_unit",
        /// The body that commissions health services: an integrated care board.
        HealthCommissioner => "health_commissioner",
        /// A community, mental-health or acute health provider.
        HealthProvider => "health_provider",
        /// A general practice.
        HealthGp => "health_gp",
        /// The Probation Service.
        Probation => "probation",
        /// A school, a college or a nursery.
        Education => "education",
        /// A children's centre or a family-help service.
        EarlyHelp => "early_help",
        /// Council housing or a registered provider.
        Housing => "housing",
        /// A voluntary or community organisation.
        Voluntary => "voluntary",
        /// Adult social care of a local authority.
        AdultSocialCare => "adult_social_care",
        /// Public health of a local authority.
        PublicHealth => "public_health",
        /// A youth justice service.
        YouthJustice => "youth_justice",
        /// The Children and Family Court Advisory and Support Service.
        Cafcass => "cafcass",
        /// An ambulance trust.
        Ambulance => "ambulance",
        /// A fire and rescue service.
        Fire => "fire",
        /// A board that receives packs.
        Governance => "governance",
        /// An inspectorate or a government adviser; receives packs and holds no account.
        Regulator => "regulator",
    }
}

codes! {
    /// The group under which an agency appears outside the tracker.
    ///
    /// One small school or practice named in a published table could reveal a child, so single
    /// settings never leave under their own name.
    pub enum Sector {
        /// Children's social care with its teams and early help.
        ChildrensServices => "childrens_services",
        /// Police.
        Police => "police",
        /// Health commissioners, providers, practices and ambulance.
        Health => "health",
        /// Schools, colleges and nurseries.
        Education => "education",
        /// Probation, youth justice and Cafcass.
        Justice => "justice",
        /// Adult social care, public health and housing.
        OtherCouncil => "other_council",
        /// Voluntary and community organisations.
        Voluntary => "voluntary",
        /// Fire and rescue.
        Fire => "fire",
        /// Those who oversee and do not take part.
        Oversight => "oversight",
    }
}

impl AgencyType {
    /// The group under which an agency of this kind is reported outside the tracker.
    #[must_use]
    pub const fn sector(self) -> Sector {
        match self {
            Self::LaChildrensServices | Self::Team | Self::EarlyHelp => Sector::ChildrensServices,
            Self::Police => Sector::Police,
            Self::HealthCommissioner | Self::HealthProvider | Self::HealthGp | Self::Ambulance => {
                Sector::Health
            }
            Self::Education => Sector::Education,
            Self::Probation | Self::YouthJustice | Self::Cafcass => Sector::Justice,
            Self::AdultSocialCare | Self::PublicHealth | Self::Housing => Sector::OtherCouncil,
            Self::Voluntary => Sector::Voluntary,
            Self::Fire => Sector::Fire,
            Self::PartnershipUnit | Self::Governance | Self::Regulator => Sector::Oversight,
        }
    }

    /// Whether a new agency of this kind may raise an escalation unless the partnership says otherwise.
    ///
    /// Those who oversee may not: a unit that raises could not stay neutral about the answer.
    #[must_use]
    pub const fn may_raise(self) -> bool {
        !matches!(self.sector(), Sector::Oversight)
    }

    /// Whether a new agency of this kind may be asked to answer unless the partnership says otherwise.
    #[must_use]
    pub const fn may_respond(self) -> bool {
        self.may_raise()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_oversee_take_no_part() {
        let silent: Vec<&str> = AgencyType::ALL
            .iter()
            .filter(|kind| !kind.may_raise() && !kind.may_respond())
            .map(|kind| kind.code())
            .collect();
        assert_eq!(silent, ["partnership_unit", "governance", "regulator"]);
    }

    #[test]
    fn every_sector_has_a_kind_of_agency() {
        for sector in Sector::ALL {
            let used = AgencyType::ALL.iter().any(|kind| kind.sector() == *sector);
            assert!(used, "{sector}");
        }
    }

    #[test]
    fn settings_that_could_reveal_a_child_roll_up() {
        assert_eq!(AgencyType::Education.sector().code(), "education");
        assert_eq!(AgencyType::HealthGp.sector().code(), "health");
        assert_eq!(AgencyType::Voluntary.sector().code(), "voluntary");
    }
}
