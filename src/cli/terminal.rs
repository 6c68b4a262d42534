//! Colour, and the look of errors.

use crate::{model::Outcome, report::Role};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use textwrap::WordSplitter;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// Where the terminal can.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Settles colour for this process.
pub(super) fn install(color: Color) {
    let choice = match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
    let coloured = match color {
        Color::Auto => anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never,
        Color::Always => true,
        Color::Never => false,
    };
    // Fails only where a handler is installed already, as in tests that call the command twice.
    let _ = miette::set_hook(Box::new(move |_| {
        Box::new(
            miette::MietteHandlerOpts::new()
                .color(coloured)
                .unicode(coloured)
                .width(100)
                .word_splitter(WordSplitter::NoHyphenation)
                .build(),
        )
    }));
}

/// Colours a piece of text by its role; [`anstream`] strips it where the terminal cannot.
pub(super) fn paint(role: Role, text: &str) -> String {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    let style = match role {
        Role::Outcome(Outcome::Pass) => colour(AnsiColor::Green),
        Role::Outcome(Outcome::Fail) | Role::Alarm => colour(AnsiColor::Red).bold(),
        Role::Outcome(Outcome::Warn | Outcome::Inconclusive) => colour(AnsiColor::Yellow),
        Role::Outcome(Outcome::Note) | Role::Command => colour(AnsiColor::Cyan),
        Role::Outcome(Outcome::Skip) | Role::Label => Style::new().dimmed(),
        Role::Name | Role::Headline => Style::new().bold(),
    };
    format!("{style}{text}{style:#}")
}
