//! Declared changes and the settings of the review, as they are sent and shown.

use deserr::Deserr;
use serde::Serialize;
use utoipa::ToSchema;

use super::field_errors::FieldErrors;
use super::fields::{List, Text, Whole, code_members};
use super::times::Instant;
use super::week_member::{UpTo, Week};
use crate::domain::access::Role;
use crate::domain::ids::RebaseId;
use crate::domain::rebase::{ChartName, DeclaredRebase, RebaseStatement};
use crate::domain::review_setting::{ReviewSettings, SettingStatement, SettingVersion};
use crate::domain::spc::Rule;
use crate::domain::week::IsoWeek;

code_members!(ChartName, Rule);

/// Declare that the work changed on purpose, so that what is usual begins anew.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct DeclareRebase {
    /// The figures that it changed.
    pub charts: List<ChartName, 5>,
    /// The first week of what is usual now; one that has begun.
    pub first_week: Week,
    /// What changed; no names.
    pub reason: Text<500>,
}

impl DeclareRebase {
    /// What is said, as the domain names it.
    pub fn into_statement(self) -> RebaseStatement {
        RebaseStatement {
            charts: self.charts.into_vec(),
            first_week: self.first_week.0,
            reason: self.reason.into_string(),
        }
    }
}

/// Say that a declared change no longer holds.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRebase {
    /// Why; no names.
    pub reason: Text<500>,
}

/// A declared change. It never changes; that it no longer holds stands beside it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rebase)]
pub struct RebaseView {
    /// Its identifier.
    pub id: RebaseId,
    /// The figures that it changed.
    pub charts: Vec<ChartName>,
    /// The first week of what is usual now.
    #[schema(value_type = String, example = "2026-W40")]
    pub first_week: IsoWeek,
    /// What changed.
    pub reason: String,
    /// When it was declared. Reviews whose data were taken before do not know it.
    pub recorded_at: Instant,
    /// The role that declared it.
    pub recorded_by_role: Role,
    /// That it no longer holds; absent where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<RebaseWithdrawalView>,
}

/// That a declared change no longer holds.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RebaseWithdrawal)]
pub struct RebaseWithdrawalView {
    /// Why.
    pub reason: String,
    /// When it was said.
    pub recorded_at: Instant,
    /// The role that said it.
    pub recorded_by_role: Role,
}

impl RebaseView {
    /// A declared change as it is shown.
    pub fn new(it: &DeclaredRebase) -> Self {
        Self {
            id: it.id,
            charts: it.said.charts.clone(),
            first_week: it.said.first_week,
            reason: it.said.reason.clone(),
            recorded_at: Instant(it.recorded.at),
            recorded_by_role: it.recorded.role,
            withdrawn: it.withdrawn.as_ref().map(|it| RebaseWithdrawalView {
                reason: it.reason.clone(),
                recorded_at: Instant(it.recorded.at),
                recorded_by_role: it.recorded.role,
            }),
        }
    }
}

/// The declared changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rebases {
    /// By first week, those that were withdrawn too.
    pub items: Vec<RebaseView>,
}

/// Set targets, or how charts are computed, from a week on. What is left out stays as it is for that week.
#[derive(Debug, Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[serde(deny_unknown_fields)]
pub struct SetReview {
    /// The first week for whose review it is meant.
    pub effective_from: Week,
    /// The share of answers, above 0 and up to 1, that shall come in time.
    #[deserr(default)]
    pub target_in_time: Option<UpTo<1>>,
    /// The working days within which half of the matters shall be resolved.
    #[deserr(default)]
    pub target_days: Option<UpTo<260>>,
    /// The number of weeks after which the limits of a chart lock.
    #[deserr(default)]
    pub lock_after: Option<Whole<12, 104>>,
    /// A chart with fewer weeks is not judged. Not more than `lock_after`.
    #[deserr(default)]
    pub enough_points: Option<Whole<8, 52>>,
    /// How many weeks make a shift or a trend.
    #[deserr(default)]
    pub run_length: Option<Whole<6, 8>>,
    /// Whether moving ranges of at least 3.267 times their mean are left out, once.
    #[deserr(default)]
    pub screen_outliers: Option<bool>,
    /// The rules by which a week is a signal; at least one.
    #[deserr(default)]
    pub rules: Option<List<Rule, 4>>,
    /// Why; no names.
    pub reason: Text<500>,
}

impl SetReview {
    /// What is said, as the domain names it.
    pub fn into_statement(self) -> SettingStatement {
        fn number<const MIN: i32, const MAX: i32>(of: Option<Whole<MIN, MAX>>) -> Option<usize> {
            of.and_then(|it| usize::try_from(it.get()).ok())
        }
        SettingStatement {
            effective_from: self.effective_from.0,
            target_in_time: self.target_in_time.map(UpTo::get),
            target_days: self.target_days.map(UpTo::get),
            lock_after: number(self.lock_after),
            enough_points: number(self.enough_points),
            run_length: number(self.run_length),
            screen_outliers: self.screen_outliers,
            rules: self.rules.map(List::into_vec),
            reason: self.reason.into_string(),
        }
    }
}

/// The settings of a review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewSettings)]
pub struct SettingsView {
    /// The share of answers, from 0 to 1, that shall come in time.
    pub target_in_time: f64,
    /// The working days within which half of the matters shall be resolved.
    pub target_days: f64,
    /// The number of weeks after which the limits of a chart lock; absent where they never do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock_after: Option<usize>,
    /// A chart with fewer weeks is not judged.
    pub enough_points: usize,
    /// How many weeks make a shift or a trend.
    pub run_length: usize,
    /// Whether moving ranges of at least 3.267 times their mean are left out, once.
    pub screen_outliers: bool,
    /// The rules by which a week is a signal.
    pub rules: Vec<Rule>,
}

impl SettingsView {
    /// Settings as they are shown.
    pub fn new(it: &ReviewSettings) -> Self {
        Self {
            target_in_time: it.target_in_time,
            target_days: it.target_days,
            lock_after: it.charts.lock_after,
            enough_points: it.charts.enough_points,
            run_length: it.charts.run_length,
            screen_outliers: it.charts.screen_outliers,
            rules: it.charts.rules.clone(),
        }
    }
}

/// One version of the settings. It never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReviewSettingVersion)]
pub struct SettingVersionView {
    /// Which, counted from 1.
    pub version: i32,
    /// The first week for whose review it is meant.
    #[schema(value_type = String, example = "2026-W40")]
    pub effective_from: IsoWeek,
    /// All settings as they are from then on.
    pub settings: SettingsView,
    /// Why.
    pub reason: String,
    /// When it was set. Reviews whose data were taken before do not know it.
    pub recorded_at: Instant,
    /// The role that set it.
    pub recorded_by_role: Role,
}

impl SettingVersionView {
    /// A version as it is shown.
    pub fn new(it: &SettingVersion) -> Self {
        Self {
            version: it.version,
            effective_from: it.effective_from,
            settings: SettingsView::new(&it.settings),
            reason: it.reason.clone(),
            recorded_at: Instant(it.recorded.at),
            recorded_by_role: it.recorded.role,
        }
    }
}

/// The settings of the review.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReviewSettingVersions {
    /// What holds before the first version: this product's own choice.
    pub at_first: SettingsView,
    /// Every version, the first first. The review of a week takes the one with the latest first week up to it.
    pub items: Vec<SettingVersionView>,
}
