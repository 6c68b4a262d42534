//! What the help says. A snapshot: flags are a contract.

use super::play::gauntlet;

#[test]
fn the_help_of_every_command() {
    for command in [
        "run",
        "chaos",
        "load",
        "worker",
        "certify",
        "verify",
        "fingerprint",
        "doctor",
        "init",
        "list",
        "explain",
        "forge",
        "decode",
        "baseline",
        "compare",
        "report",
        "selftest",
        "proxy",
        "serve",
        "lint",
        "adapter",
        "vectors",
    ] {
        let ended = gauntlet(&[command, "--help"]).with_code(0);
        assert_eq!(ended.stderr, "");
        insta::assert_snapshot!(format!("help_{command}"), ended.stdout);
    }
    insta::assert_snapshot!("help", gauntlet(&["--help"]).with_code(0).stdout);
}

#[test]
fn the_version_is_the_one_of_the_package() {
    let wanted = format!("gauntlet {}\nsuite sha256:", env!("CARGO_PKG_VERSION"));
    assert!(gauntlet(&["--version"]).with_code(0).stdout.starts_with(&wanted));
}
