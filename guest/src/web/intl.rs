//! What `Intl` asks of the guest: time zones by the bundled database of IANA (`jiff`), the order of strings by that of
//! Unicode (`icu_collator`), canonical tags of locales (`icu_locale`), and where a text may be cut (`unicode-segmentation`).

use std::cell::RefCell;
use std::collections::BTreeMap;

use icu_collator::options::{AlternateHandling, CaseLevel, CollatorOptions, Strength};
use icu_collator::preferences::{CollationCaseFirst, CollationNumericOrdering};
use icu_collator::provider::{
    Baked as Collation, CollationDiacriticsV1, CollationJamoV1, CollationMetadataV1, CollationReorderingV1,
    CollationRootV1, CollationSpecialPrimariesV1, CollationTailoringV1,
};
use icu_collator::{Collator, CollatorPreferences};
use icu_locale::{Locale, LocaleCanonicalizer, LocaleExpander};
use icu_normalizer::provider::{Baked as Normalization, NormalizerNfdDataV1, NormalizerNfdTablesV1};
use icu_provider::{DataError, DataErrorKind, DataMarker, DataProvider, DataRequest, DataResponse};
use javy::quickjs::{Ctx, Exception, Object, Result, String as JsString, TypedArray};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use unicode_segmentation::UnicodeSegmentation;

use super::text;
use crate::runtime::define;

/// How far from a time ICU looks for a change of clocks that makes a zone one with summer time.
const HALF_A_YEAR: SignedDuration = SignedDuration::from_hours(184 * 24);
/// Milliseconds in 400 years, after which the calendar and so the rules of today repeat.
const CYCLE: i64 = 146_097 * 86_400_000;

thread_local! {
    /// The zones that have been asked for.
    static ZONES: RefCell<BTreeMap<String, TimeZone>> = const { RefCell::new(BTreeMap::new()) };
    /// Collators by what was asked for: there are no more than there are such options.
    static COLLATORS: RefCell<BTreeMap<String, Collator>> = const { RefCell::new(BTreeMap::new()) };
}

pub fn install(native: &Object<'_>) -> Result<()> {
    define(native, "zoneAt", zone_at)?;
    define(native, "zoneHasSummer", zone_has_summer)?;
    define(native, "compareStrings", compare_strings)?;
    define(native, "segmentString", segment_string)?;
    define(native, "canonicalLocale", canonical_locale)?;
    define(native, "maximizeLocale", |tag: String| {
        change_locale(&tag, |expander, locale| expander.maximize(&mut locale.id))
    })?;
    define(native, "minimizeLocale", |tag: String| {
        change_locale(&tag, |expander, locale| expander.minimize(&mut locale.id))
    })
}

/// The canonical form of a locale's tag; none if it is none.
fn canonical_locale(tag: String) -> Option<String> {
    let mut locale = Locale::try_from_str(&tag).ok()?;
    LocaleCanonicalizer::new_extended().canonicalize(&mut locale);
    Some(locale.to_string())
}

/// A canonical tag with the likely subtags of its language put in, or taken away.
fn change_locale<T>(tag: &str, change: impl FnOnce(&LocaleExpander, &mut Locale) -> T) -> Option<String> {
    let mut locale = Locale::try_from_str(tag).ok()?;
    change(&LocaleExpander::new_extended(), &mut locale);
    Some(locale.to_string())
}

/// Twice how many seconds a zone's clocks are ahead of UTC at a time (in milliseconds since 1970), and one more if that is for the summer.
fn zone_at(ctx: Ctx<'_>, name: String, time: f64) -> Result<i32> {
    with_zone(&ctx, &name, |zone| {
        let info = zone.to_offset_info(timestamp(time));
        info.offset().seconds() * 2 + i32::from(info.dst().is_dst())
    })
}

/// Whether a zone that has no summer time at a time (in milliseconds since 1970) has it half a year before or after that.
fn zone_has_summer(ctx: Ctx<'_>, name: String, time: f64) -> Result<bool> {
    with_zone(&ctx, &name, |zone| {
        let now = timestamp(time);
        let is_near = |other: Timestamp| now.duration_since(other).abs() < HALF_A_YEAR;
        let before = zone.preceding(now).next().map(|change| change.timestamp());
        let was_summer = before
            .filter(|&before| is_near(before))
            .and_then(|before| before.checked_sub(SignedDuration::from_secs(1)).ok())
            .is_some_and(|before| zone.to_offset_info(before).dst().is_dst());
        was_summer || zone.following(now).next().is_some_and(|next| is_near(next.timestamp()) && next.dst().is_dst())
    })
}

fn with_zone<T>(ctx: &Ctx<'_>, name: &str, ask: impl FnOnce(&TimeZone) -> T) -> Result<T> {
    ZONES.with_borrow_mut(|zones| {
        if !zones.contains_key(name) {
            let zone = TimeZoneDatabase::bundled().get(name);
            let Ok(zone) = zone else { return Err(Exception::throw_range(ctx, &format!("no time zone: {name}"))) };
            zones.insert(name.into(), zone);
        }
        Ok(ask(&zones[name]))
    })
}

/// A time that the database covers: the rules of today for what comes after it, the first ones for what comes before.
fn timestamp(milliseconds: f64) -> Timestamp {
    let mut time = milliseconds as i64;
    while time >= Timestamp::MAX.as_millisecond() - CYCLE {
        time -= CYCLE;
    }
    Timestamp::from_millisecond(time).unwrap_or(Timestamp::MIN)
}

/// How two strings are ordered: below zero, zero, or above it. `options` are letters: the sensitivity's first two, `n` for
/// numbers by their value, `u` or `l` for which case comes first, `p` if punctuation is passed over.
fn compare_strings(ctx: Ctx<'_>, one: JsString<'_>, other: JsString<'_>, options: String) -> Result<i32> {
    let (one, other) = (text(&one), text(&other));
    COLLATORS.with_borrow_mut(|collators| {
        if !collators.contains_key(&options) {
            let Ok(collator) = collator(&options) else { return Err(Exception::throw_internal(&ctx, "no collation")) };
            collators.insert(options.clone(), collator);
        }
        Ok(collators[&options].as_borrowed().compare(&one, &other) as i32)
    })
}

/// Of each segment of a string, twice where it ends, in units of UTF-16, and one more if it is like a word.
fn segment_string<'js>(ctx: Ctx<'js>, string: JsString<'js>, granularity: String) -> Result<TypedArray<'js, u32>> {
    let text = text(&string);
    let segments: Box<dyn Iterator<Item = &str> + '_> = match granularity.as_str() {
        "word" => Box::new(text.split_word_bounds()),
        "sentence" => Box::new(text.split_sentence_bounds()),
        _ => Box::new(text.graphemes(true)),
    };
    let ends = segments.scan(0, |end, segment| {
        *end += segment.encode_utf16().count() as u32;
        Some((*end << 1) | u32::from(segment.contains(char::is_alphanumeric)))
    });
    TypedArray::new(ctx, ends.collect::<Vec<_>>())
}

fn collator(letters: &str) -> std::result::Result<Collator, DataError> {
    let (sensitivity, rest) = letters.split_at(2);
    let mut options = CollatorOptions::default();
    options.strength = Some(match sensitivity {
        "ba" | "ca" => Strength::Primary,
        "ac" => Strength::Secondary,
        _ => Strength::Tertiary,
    });
    options.case_level = (sensitivity == "ca").then_some(CaseLevel::On);
    options.alternate_handling = rest.contains('p').then_some(AlternateHandling::Shifted);
    let mut preferences = CollatorPreferences::default();
    preferences.numeric_ordering = rest.contains('n').then_some(CollationNumericOrdering::True);
    preferences.case_first = match () {
        () if rest.contains('u') => Some(CollationCaseFirst::Upper),
        () if rest.contains('l') => Some(CollationCaseFirst::Lower),
        () => None,
    };
    Collator::try_new_unstable(&Root, preferences, options)
}

/// The data of the root collation alone, which is that of English and most languages in Latin letters: all tailorings
/// together are ten times as large.
struct Root;

impl DataProvider<CollationTailoringV1> for Root {
    fn load(&self, _: DataRequest<'_>) -> std::result::Result<DataResponse<CollationTailoringV1>, DataError> {
        Err(DataErrorKind::IdentifierNotFound.with_marker(CollationTailoringV1::INFO))
    }
}

macro_rules! load_from {
    ($baked:ident: $($marker:ident),*) => {
        $(impl DataProvider<$marker> for Root {
            fn load(&self, request: DataRequest<'_>) -> std::result::Result<DataResponse<$marker>, DataError> {
                $baked.load(request)
            }
        })*
    };
}

load_from!(Collation: CollationRootV1, CollationDiacriticsV1, CollationJamoV1, CollationMetadataV1, CollationReorderingV1, CollationSpecialPrimariesV1);
load_from!(Normalization: NormalizerNfdDataV1, NormalizerNfdTablesV1);
