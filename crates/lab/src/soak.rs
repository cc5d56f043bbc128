//! A server under many requests, judged by what it holds when it rests.
//!
//! Requests come in rounds, with a rest after each. What a process holds at the end of a rest, its trough, is what it could not let go
//! of; a slope through the troughs, by requests, says how much a request leaves, and its uncertainty says whether that is so.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

/// What a server held after a round.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Round {
    /// Requests that it had answered by then, since the beginning.
    pub requests: u64,
    /// Seconds since the beginning.
    pub seconds: f64,
    /// Bytes of memory: the most while the round went on.
    pub peak: u64,
    /// Bytes of memory: the least while it rested.
    pub trough: u64,
    /// Requests that failed in the round.
    pub failed: u64,
}

/// What is to be said of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SoakVerdict {
    /// Its troughs do not rise by more than chance, or by less than [`Soak::floor`].
    Flat,
    /// Its troughs rise.
    Growing,
    /// There is too little to tell: see [`Soak::doubt`].
    Unclear,
}

/// Why a server's memory cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// There are too few rounds after the warm-up.
    TooFew,
    /// It rises, but not from each third of the rounds to the next: it may have been but a step.
    NotThroughout,
    /// It rises ever more slowly: it may come to rest.
    Slowing,
    /// It rises, and nothing was ever given back: it may be a collector that has not had its turn.
    NothingGivenBack,
}

/// A judgement, and what it rests on.
#[derive(Clone, Debug, Serialize)]
pub struct Soak {
    /// What is to be said.
    pub verdict: SoakVerdict,
    /// Bytes that a request leaves.
    pub bytes_per_request: f64,
    /// The bounds between which that is, 95 times of 100.
    pub between: [f64; 2],
    /// The rounds that are judged: those after the warm-up.
    pub judged: usize,
    /// Bytes by which it rises over the judged rounds, as the slope has it.
    pub rise: f64,
    /// A rise of so many bytes, or of less, is flat whatever its bounds: allocators do as much by themselves.
    pub floor: f64,
    /// If it is unclear, how many requests in all will tell if it goes on as it does: what is held by then no collector would have left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// Why it is unclear, if it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
    /// All rounds.
    pub rounds: Vec<Round>,
}

/// The part of the rounds that warms up: caches fill, code is compiled, the allocator takes what it will need.
const WARM_UP: f64 = 0.25;

/// How many rounds a judgement takes at least, after the warm-up.
const LEAST: usize = 6;

/// Growth below this, over all judged rounds, is within what an allocator does by itself: so many bytes, or that part of what was
/// held before. Of 5,000 requests it takes a kilobyte each to be told from it.
const NOISE: (f64, f64) = (4_194_304.0, 0.05);

/// A collector that is in no hurry lets a heap grow to a multiple of what is alive, and what is outside of it by a fixed amount, before
/// it has its turn: V8 to four times at most, and mostly less. What has grown by more than that since the beginning is alive.
const LAZIEST: (f64, f64) = (3.0, 67_108_864.0);

/// What counts as given back from one trough to a later one: so many bytes, or that part.
const GIVEN_BACK: (f64, f64) = (1_048_576.0, 0.02);

/// How much of the rise from the first third to the second must be there again from the second to the last, at least.
const GOES_ON: f64 = 0.4;

impl Soak {
    /// Judges rounds, in their order.
    pub fn judge(rounds: Vec<Round>) -> Self {
        let skipped = (rounds.len() as f64 * WARM_UP).ceil() as usize;
        let judged = &rounds[skipped.min(rounds.len())..];
        let points: Vec<(f64, f64)> = judged.iter().map(|round| (round.requests as f64, round.trough as f64)).collect();
        let Some((slope, error)) = regression(&points).filter(|_| points.len() >= LEAST) else {
            return Self {
                verdict: SoakVerdict::Unclear,
                bytes_per_request: 0.0,
                between: [0.0; 2],
                judged: points.len(),
                rise: 0.0,
                floor: NOISE.0,
                needed: None,
                doubt: Some(Doubt::TooFew),
                rounds,
            };
        };
        let margin = error * student(points.len() - 2);
        let between = [slope - margin, slope + margin];
        let requests = points[points.len() - 1].0 - points[0].0;
        let (rise, floor) = (slope * requests, NOISE.0.max(points[0].1 * NOISE.1));
        let [first, second, last] = least_of_thirds(&points);
        let start = rounds.first().map_or(0.0, |round| round.trough as f64);
        let most_left = start * LAZIEST.0 + LAZIEST.1;
        let rises = between[0] > 0.0 && rise > floor;
        let doubt = if !rises {
            None
        } else if first >= second || second >= last {
            Some(Doubt::NotThroughout)
        } else if last - second < GOES_ON * (second - first) {
            Some(Doubt::Slowing)
        } else if times_given_back(&points) < 2 && last < most_left {
            Some(Doubt::NothingGivenBack)
        } else {
            None
        };
        let verdict = match doubt {
            Some(_) => SoakVerdict::Unclear,
            None if rises => SoakVerdict::Growing,
            None => SoakVerdict::Flat,
        };
        // The least of the last third is what must be that much: it begins after three quarters of all rounds.
        let needed = doubt.filter(|_| last < most_left).map(|_| {
            let reached = points[points.len() - 1].0 + (most_left - points[points.len() - 1].1) / slope;
            (reached / (1.0 - (1.0 - WARM_UP) / 3.0)).ceil() as u64
        });
        Self { verdict, bytes_per_request: slope, between, judged: points.len(), rise, floor, needed, doubt, rounds }
    }
}

/// The least that is held in each third: a collector that is in no hurry makes a sawtooth, whose last tooth may be in the middle of
/// its rise.
fn least_of_thirds(points: &[(f64, f64)]) -> [f64; 3] {
    let third = points.len() / 3;
    let least = |points: &[(f64, f64)]| points.iter().map(|(_, bytes)| *bytes).fold(f64::INFINITY, f64::min);
    [&points[..third], &points[third..points.len() - third], &points[points.len() - third..]].map(least)
}

/// How often memory was given back: how many teeth there are.
fn times_given_back(points: &[(f64, f64)]) -> usize {
    let (mut times, mut top, mut bottom) = (0, f64::NEG_INFINITY, None);
    for &(_, bytes) in points {
        let step = |from: f64| GIVEN_BACK.0.max(from * GIVEN_BACK.1);
        match bottom {
            None if bytes < top - step(top) => {
                times += 1;
                bottom = Some(bytes);
            }
            None => top = top.max(bytes),
            // The next tooth has begun.
            Some(low) if bytes > low + step(low) => (top, bottom) = (bytes, None),
            Some(low) => bottom = Some(low.min(bytes)),
        }
    }
    times
}

/// The slope of the line of least squares, and its standard error; none if there is no line.
fn regression(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let count = points.len() as f64;
    if points.len() < 3 {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    if spread == 0.0 {
        return None;
    }
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
    let rest: f64 = points.iter().map(|point| (point.1 - y - slope * (point.0 - x)).powi(2)).sum();
    Some((slope, (rest / (count - 2.0) / spread).sqrt()))
}

/// The 97.5th percentile of Student's distribution with that many degrees of freedom.
fn student(freedom: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];
    TABLE.get(freedom.max(1) - 1).copied().unwrap_or(1.96)
}

/// Bytes of memory of a process that are resident: `VmRSS`, as the kernel tells it.
///
/// # Errors
/// If there is no such process, or nobody to tell.
pub fn resident(pid: u32) -> std::io::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.map(|kibibytes| kibibytes * 1024).ok_or_else(|| std::io::Error::other("the process has ended"))
}

/// Bytes that the control group of a process holds, less what the kernel can take back at once (`memory.current` without
/// `inactive_file`); none where there is no such group, or it is the machine's own.
pub fn cgroup(pid: u32) -> Option<u64> {
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
    let group = groups.lines().find_map(|line| line.strip_prefix("0::"))?.trim_start_matches('/');
    let folder = std::path::Path::new("/sys/fs/cgroup").join(group);
    let current: u64 = std::fs::read_to_string(folder.join("memory.current")).ok()?.trim().parse().ok()?;
    let stat = std::fs::read_to_string(folder.join("memory.stat")).ok()?;
    let inactive = stat.lines().find_map(|line| line.strip_prefix("inactive_file ")?.parse::<u64>().ok()).unwrap_or(0);
    Some(current.saturating_sub(inactive))
}

/// How many blocks a line has room for.
const MOST_BLOCKS: usize = 80;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 320.0;
const MARGIN: [f64; 2] = [70.0, 40.0];

impl Soak {
    /// The troughs as one line of blocks, the least at the bottom.
    pub fn sparkline(&self) -> String {
        const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        // Of so many rounds that a line has no room for them the last of several.
        let together = self.rounds.len().div_ceil(MOST_BLOCKS).max(1);
        let troughs = || self.rounds.chunks(together).filter_map(|rounds| rounds.last()).map(|round| round.trough);
        let (least, most) = (troughs().min().unwrap_or(0), troughs().max().unwrap_or(0));
        let height = |trough: u64| (trough - least) * 7 / (most - least).max(1);
        troughs().map(|trough| BLOCKS[height(trough) as usize]).collect()
    }

    /// A chart of troughs and peaks by requests, with the line through what is judged.
    pub fn svg(&self) -> String {
        let most = self.rounds.iter().map(|round| round.peak.max(round.trough)).max().unwrap_or(1).max(1) as f64 * 1.05;
        let last = self.rounds.last().map_or(1, |round| round.requests).max(1) as f64;
        let x = |requests: f64| MARGIN[0] + requests / last * (WIDTH - MARGIN[0] - 20.0);
        let y = |bytes: f64| HEIGHT - MARGIN[1] - bytes / most * (HEIGHT - MARGIN[1] - 20.0);
        let line = |of: fn(&Round) -> u64| {
            let points =
                self.rounds.iter().map(|round| format!("{:.1},{:.1}", x(round.requests as f64), y(of(round) as f64)));
            points.collect::<Vec<_>>().join(" ")
        };
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
        );
        for part in 0..=4 {
            let bytes = most * f64::from(part) / 4.0;
            let at = y(bytes);
            let _ = writeln!(
                svg,
                "<line x1=\"{0}\" x2=\"{1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{2}\" y=\"{3:.1}\" text-anchor=\"end\">{4:.0} MiB</text>",
                MARGIN[0],
                WIDTH - 20.0,
                MARGIN[0] - 6.0,
                at + 4.0,
                bytes / 1_048_576.0
            );
        }
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"#bbb\" points=\"{}\"/>\n<polyline fill=\"none\" stroke=\"#06c\" stroke-width=\"2\" points=\"{}\"/>",
            line(|round| round.peak),
            line(|round| round.trough)
        );
        let judged = &self.rounds[self.rounds.len() - self.judged..];
        if let [first, .., end] = judged
            && self.verdict != SoakVerdict::Unclear
        {
            let count = judged.len() as f64;
            let (mean_x, mean_y) = (
                judged.iter().map(|round| round.requests as f64).sum::<f64>() / count,
                judged.iter().map(|round| round.trough as f64).sum::<f64>() / count,
            );
            let at = |requests: f64| y(mean_y + self.bytes_per_request * (requests - mean_x));
            let (from, to) = (first.requests as f64, end.requests as f64);
            let _ = writeln!(
                svg,
                "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#c00\" stroke-dasharray=\"6 3\"/>",
                x(from),
                at(from),
                x(to),
                at(to)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">requests: {last:.0}; blue: memory at rest, grey: at most</text>\n</svg>",
            WIDTH / 2.0,
            HEIGHT - 10.0
        );
        svg
    }

    /// A page with the judgement, the chart and the rounds. It loads nothing.
    pub fn html(&self, title: &str) -> String {
        let escape =
            |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let mut rows = String::new();
        for round in &self.rounds {
            let _ = writeln!(
                rows,
                "<tr><td>{}</td><td>{:.1}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                round.requests, round.seconds, round.trough, round.peak, round.failed
            );
        }
        let title = escape(title);
        format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>body{{font-family:sans-serif;max-width:50rem;margin:2rem auto}}td,th{{padding:0 1rem;text-align:right}}</style>\n\
             <h1>{title}</h1>\n<p>{}</p>\n{}\n<table>\n\
             <tr><th>requests</th><th>seconds</th><th>at rest</th><th>at most</th><th>failed</th></tr>\n{rows}</table>\n",
            escape(&self.summary()),
            self.svg()
        )
    }

    /// The judgement in a sentence.
    pub fn summary(&self) -> String {
        let Self { bytes_per_request: slope, between: [low, high], judged, .. } = self;
        if self.doubt == Some(Doubt::TooFew) {
            return format!("unclear: {judged} rounds after the warm-up are too few; have more with --rounds");
        }
        let verdict = match self.verdict {
            SoakVerdict::Growing => "growing",
            SoakVerdict::Flat => "flat",
            SoakVerdict::Unclear => "unclear",
        };
        let mut summary =
            format!("{verdict}: {slope:.0} bytes a request (between {low:.0} and {high:.0}), by {judged} rounds");
        let mebibytes = |bytes: f64| bytes / 1_048_576.0;
        let will_tell =
            self.needed.map_or_else(String::new, |needed| format!(" ({needed} will tell if it goes on so)"));
        let _ = match self.doubt {
            Some(Doubt::NotThroughout) => {
                write!(summary, ", but not from each third of them to the next; ask more with --requests{will_tell}")
            }
            Some(Doubt::Slowing) => write!(summary, ", and ever fewer; ask more with --requests{will_tell}"),
            Some(Doubt::NothingGivenBack) => write!(
                summary,
                ", and nothing was given back yet: the server's collector may not have had its turn; ask more with \
                 --requests{will_tell}, or start the server with a smaller heap"
            ),
            None if self.verdict == SoakVerdict::Flat && *low > 0.0 => write!(
                summary,
                ": a rise of {:.1} MiB, and up to {:.1} MiB allocators do by themselves",
                mebibytes(self.rise),
                mebibytes(self.floor)
            ),
            None if self.verdict == SoakVerdict::Flat && *high < 0.0 => write!(summary, ": it falls"),
            _ => Ok(()),
        };
        summary
    }
}

/// How long a server rests after each round, at least, and how often it is looked at meanwhile.
pub const REST: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(50)];

#[cfg(test)]
mod tests {
    use super::*;

    fn soak(trough: impl Fn(u64) -> u64) -> Soak {
        let rounds = (1..=24).map(|round| Round {
            requests: round * 250,
            seconds: round as f64,
            peak: trough(round) + (20 << 20),
            trough: trough(round),
            failed: 0,
        });
        Soak::judge(rounds.collect())
    }

    /// Noise that is the same in each test run.
    fn noise(round: u64) -> u64 {
        round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 43
    }

    #[test]
    fn troughs_that_rise_are_growth_and_its_size_is_near() {
        let soak = soak(|round| (60 << 20) + round * 250 * 100_000 + noise(round));
        assert_eq!(soak.verdict, SoakVerdict::Growing, "{soak:?}");
        assert!((99_000.0..101_000.0).contains(&soak.bytes_per_request), "{soak:?}");
        assert!(soak.between[0] <= 100_000.0 && soak.between[1] >= 100_000.0, "{soak:?}");
    }

    #[test]
    fn a_sawtooth_and_a_start_that_rises_are_flat() {
        assert_eq!(soak(|round| (60 << 20) + noise(round)).verdict, SoakVerdict::Flat);
        assert_eq!(soak(|round| (60 << 20) + round % 4 * (8 << 20)).verdict, SoakVerdict::Flat);
        // One that ends at its top.
        assert_eq!(soak(|round| (60 << 20) + round % 5 * (20 << 20) + noise(round)).verdict, SoakVerdict::Flat);
        // It takes what it will need, and no more.
        assert_eq!(soak(|round| (60 << 20) + round.min(7) * (4 << 20) + noise(round)).verdict, SoakVerdict::Flat);
    }

    #[test]
    fn what_may_be_a_collectors_delay_is_no_growth_yet() {
        let judge = |trough: &dyn Fn(u64) -> u64| {
            let Soak { verdict, doubt, .. } = soak(trough);
            (verdict, doubt)
        };
        // One tooth that has not ended, and one that began when the warm-up was over.
        let rise = |round: u64| (60 << 20) + round * (3 << 20) + noise(round);
        assert_eq!(judge(&rise), (SoakVerdict::Unclear, Some(Doubt::NothingGivenBack)));
        let since = |round: u64| (60 << 20) + (round + 17) % 24 * (3 << 20) + noise(round);
        assert_ne!(judge(&since).0, SoakVerdict::Growing);
        // It fills a cache.
        let slows = |round: u64| (120 << 20) - ((60 << 20) >> (round / 4)) + noise(round);
        assert_ne!(judge(&slows).0, SoakVerdict::Growing);
        // Teeth whose feet rise are growth, and so is what no collector would leave.
        let teeth = |round: u64| (60 << 20) + round % 4 * (5 << 20) + round * (2 << 20) + noise(round);
        assert_eq!(judge(&teeth).0, SoakVerdict::Growing);
        assert_eq!(judge(&|round| (60 << 20) + round * (14 << 20) + noise(round)).0, SoakVerdict::Growing);
    }

    #[test]
    fn numbers_and_words_are_of_the_verdict() {
        // Zero is outside of the bounds, and what rises is too little to be told from an allocator's doing.
        let small = soak(|round| (60 << 20) + round * 100_000 + noise(round) / 10);
        assert!(small.verdict == SoakVerdict::Flat && small.between[0] > 0.0, "{small:?}");
        assert!(
            small.summary().contains(": a rise of 1.6 MiB, and up to 4.0 MiB allocators do"),
            "{}",
            small.summary()
        );
        let falls = soak(|round| (160 << 20) - round * 100_000 + noise(round) / 10);
        assert!(falls.verdict == SoakVerdict::Flat && falls.summary().ends_with("rounds: it falls"), "{falls:?}");
        // Beyond that, and not in each third: a step, of which there may be more.
        let step = soak(|round| (60 << 20) + round / 20 * (20 << 20) + noise(round));
        assert_eq!((step.verdict, step.doubt), (SoakVerdict::Unclear, Some(Doubt::NotThroughout)), "{step:?}");
        // A steady rise says how many requests will tell; and they do.
        let steady = |round: u64| (60 << 20) + round * 250 * 5_000 + noise(round);
        let unclear = soak(steady);
        let needed = unclear.needed.expect("it rises for certain");
        assert!((45_000..80_000).contains(&needed), "{unclear:?}");
        let rounds = (1..=needed.div_ceil(250)).map(|round| Round {
            requests: round * 250,
            seconds: round as f64,
            peak: steady(round),
            trough: steady(round),
            failed: 0,
        });
        assert_eq!(Soak::judge(rounds.collect()).verdict, SoakVerdict::Growing);
    }

    #[test]
    fn a_few_rounds_say_nothing() {
        let round = Round { requests: 1, seconds: 1.0, peak: 1, trough: 1, failed: 0 };
        assert_eq!(Soak::judge(vec![round; 5]).verdict, SoakVerdict::Unclear);
        assert_eq!(Soak::judge(Vec::new()).verdict, SoakVerdict::Unclear);
    }

    #[test]
    fn a_page_holds_what_it_says_and_loads_nothing() {
        let page = soak(|round| (60 << 20) + round * 250 * 100_000).html("a <b> \"server\"");
        assert!(
            page.contains("a &lt;b&gt; &quot;server&quot;")
                && page.contains("<svg")
                && page.contains("growing: 100000")
        );
        assert!(!page.contains("<script") && !page.contains("src="));
    }
}
