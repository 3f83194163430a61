//! What the stock clients do through the gateway, and directly: both say the same.

use portcullis_testing::{Dockerd, Run};
use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Runs the everyday commands of every Docker CLI through `host`, and compares them with the engine's own socket.
#[track_caller]
pub(super) fn everyday_commands(dockerd: &Dockerd, host: &str, config: &Path) {
    let direct_host = format!("unix://{}", dockerd.socket().display());
    let direct_config = config.parent().unwrap().join("direct");
    fs::create_dir_all(&direct_config).unwrap();
    let direct = dockerd.clients_at(&direct_host, &direct_config);
    let through = dockerd.clients_at(host, config);
    for (number, (direct, through)) in direct.iter().zip(&through).enumerate() {
        everyday_commands_of(&Client { direct, through, number, folder: config.parent().unwrap() });
    }
}

struct Client<'c> {
    direct: &'c Command,
    through: &'c Command,
    number: usize,
    folder: &'c Path,
}

fn copy(command: &Command) -> Command {
    let mut copied = Command::new(command.get_program());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => copied.env(name, value),
            None => copied.env_remove(name),
        };
    }
    copied
}

impl Client<'_> {
    fn run(&self, arguments: &[&str]) -> Run {
        Run::of(copy(self.through).args(arguments))
    }

    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok()
    }

    /// Standard output, error and status are those of the direct socket, byte for byte.
    #[track_caller]
    fn same(&self, arguments: &[&str]) {
        let through = self.run(arguments);
        let direct = Run::of(copy(self.direct).args(arguments));
        let shown = |run: &Run| (run.status.code(), run.stdout.clone(), run.stderr.clone());
        assert_eq!(shown(&through), shown(&direct), "{}", through.command);
    }

    #[track_caller]
    fn piped(&self, input: &str, arguments: &[&str]) -> String {
        let file = self.folder.join(format!("input-{}", self.number));
        fs::write(&file, input).unwrap();
        Run::with_input(copy(self.through).args(arguments), File::open(&file).unwrap()).ok()
    }
}

#[track_caller]
fn everyday_commands_of(client: &Client<'_>) {
    let name = format!("web-{}", client.number);
    let name = name.as_str();
    let run = ["run", "--rm", "--network", "none"];
    let image = "bb:1";
    assert_eq!(client.ok(&[&run[..], &[image, "echo", "hello"]].concat()), "hello\n");
    assert_eq!(client.piped("ok\n", &[&run[..], &["-i", image, "cat"]].concat()), "ok\n");
    let megabyte = "x".repeat(1 << 20);
    assert_eq!(client.piped(&megabyte, &[&run[..], &["-i", image, "cat"]].concat()).len(), 1 << 20);
    let failed = client.run(&[&run[..], &[image, "sh", "-c", "echo no >&2; exit 7"]].concat());
    assert_eq!((failed.status.code(), failed.stderr.as_str()), (Some(7), "no\n"));
    let script = "echo started; echo err >&2; sleep 1000";
    client.ok(&["run", "-d", "--name", name, "--network", "none", image, "sh", "-c", script]);
    assert_eq!(client.ok(&["exec", name, "echo", "inside"]), "inside\n");
    assert_eq!(client.piped("in\n", &["exec", "-i", name, "cat"]), "in\n");
    assert_eq!(client.run(&["exec", name, "sh", "-c", "exit 5"]).status.code(), Some(5));
    // A terminal on both sides: script(1) gives one to the client.
    let docker = client.through.get_program().to_string_lossy().into_owned();
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &format!("{docker} exec -it {name} sh -c 'echo tty; exit 3'"), "/dev/null"]);
    for (key, value) in client.through.get_envs() {
        if let Some(value) = value {
            terminal.env(key, value);
        }
    }
    let terminal = Run::of(&terminal);
    // The terminal echoes a control character where script(1) finds its own input at its end.
    assert_eq!(terminal.status.code(), Some(3));
    assert_eq!(terminal.stdout.replace("^@", ""), "tty\r\n");
    let archive = client.folder.join(format!("archive-{}", client.number));
    fs::write(&archive, vec![b'a'; 10 << 20]).unwrap();
    client.ok(&["cp", &archive.to_string_lossy(), &format!("{name}:/copy")]);
    let back = client.folder.join(format!("back-{}", client.number));
    client.ok(&["cp", &format!("{name}:/copy"), &back.to_string_lossy()]);
    assert!(fs::read(&archive).unwrap() == fs::read(&back).unwrap(), "what came back is not what was sent");
    let context = client.folder.join(format!("context-{}", client.number));
    fs::create_dir_all(&context).unwrap();
    fs::write(context.join("Dockerfile"), "FROM bb:1\nRUN echo made > /made\n").unwrap();
    let built = format!("built-{}:1", client.number);
    client.ok(&["build", "--network", "none", "-t", &built, &context.to_string_lossy()]);
    assert_eq!(client.ok(&[&run[..], &[&built, "cat", "/made"]].concat()), "made\n");
    let saved = client.folder.join(format!("saved-{}", client.number));
    client.ok(&["save", "-o", &saved.to_string_lossy(), &built]);
    client.ok(&["rmi", &built]);
    client.ok(&["load", "-i", &saved.to_string_lossy()]);
    // A fixed time: one that is relative would be another one for each of the two.
    let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    for arguments in [
        &["version", "--format", "{{json .Server}}"][..],
        &["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}} {{.Image}}"],
        &["images", "--no-trunc", "--format", "{{.ID}} {{.Repository}} {{.Size}}"],
        &["inspect", name],
        &["inspect", "no-such-container"],
        &["logs", name],
        &["history", "--no-trunc", "--format", "{{.ID}} {{.CreatedBy}}", image],
        &["diff", name],
        &["top", name, "-o", "pid,args"],
        &["volume", "ls"],
        &["network", "ls", "--no-trunc"],
        &["events", "--since", "1h", "--until", &until],
        &["system", "df"],
        &["stats", "--no-stream", "--format", "{{.Name}}"],
        &["rm", "no-such-container"],
    ] {
        client.same(arguments);
    }
    client.ok(&["rm", "-f", name]);
}
