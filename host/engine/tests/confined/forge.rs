//! A child that its guest took over: what it answers in the place of the guest's state.

use portcullis_engine::build::Builder;
use serde_json::{Value, json};
use std::io::{self, Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};

use super::{build, builder, program};

const NO_ANSWER: &str =
    "cannot be built: the child that runs `configure` answered what no child of this program answers";
const REFUSED: &str = "cannot be pre-initialized: its state is refused: ";

/// What is forged, and what the operator reads. Where that begins with a space, it follows [`REFUSED`].
const FORGERIES: [(&str, &str); 20] = [
    ("nothing", NO_ANSWER),
    ("bytes", NO_ANSWER),
    ("a module", NO_ANSWER),
    ("native code", NO_ANSWER),
    ("no end", NO_ANSWER),
    ("a module beside the state", " there are bytes of no memory"),
    ("a module as the memory", " has half a page"),
    ("the state of another module", " it belongs to another module"),
    ("half a memory", " its memories are cut short"),
    ("a smaller memory", " in core module 0, a memory has another type"),
    ("a larger memory", " it has more than 64 MiB of memory"),
    ("no memory", " `memory"),
    ("another memory", " `memory"),
    ("a memory twice", " a name occurs twice"),
    ("a memory more", " there is no `memory99`"),
    ("no globals", " `global"),
    ("a global more", " there is no `global99`"),
    ("a global twice", " a name occurs twice"),
    ("a global of 33 bits", " has more than 32 bits"),
    ("a failure that moves the cursor", "its settings: \u{fffd}[2Jgone second line"),
];

/// Lets the child as it is answer, and answers something else.
pub fn double(kind: &str) -> ExitCode {
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input).unwrap();
    let honest = honest(&input);
    let length = usize::try_from(u64::from_le_bytes(honest[..8].try_into().unwrap())).unwrap();
    let mut head: Value = serde_json::from_slice(&honest[8..8 + length]).unwrap();
    let mut rest = honest[8 + length..].to_vec();
    let mut out = io::stdout().lock();
    let module = include_bytes!("../../../../policies/prebuilt/docker-baseline.wasm");
    let raw: Option<&[u8]> = match kind {
        "nothing" => Some(b""),
        "bytes" => Some(&[0xff; 4096]),
        "a module" => Some(module),
        "native code" => Some(b"\x7fELF\x02\x01\x01 and so on"),
        "no end" => {
            while out.write_all(&[0; 1 << 16]).is_ok() {}
            return ExitCode::SUCCESS;
        }
        _ => None,
    };
    if let Some(raw) = raw {
        out.write_all(raw).unwrap();
        return ExitCode::SUCCESS;
    }
    if kind == "claims" {
        let claims = json!({ "imports": ["wasi:sockets/tcp"], "hooks": ["secret-access"], "needs": { "memories": 4_000_000 } });
        head["Ok"].as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    } else if kind == "a failure that moves the cursor" {
        head = json!({ "Err": { "step": "configure", "reason": "\u{1b}[2Jgone\nsecond line" } });
        rest.clear();
    } else {
        forge(kind, &mut head["Ok"]["state"]["Ok"], &mut rest, module);
    }
    let head = head.to_string();
    out.write_all(&[&(head.len() as u64).to_le_bytes()[..], head.as_bytes(), &rest].concat()).unwrap();
    ExitCode::SUCCESS
}

fn forge(kind: &str, state: &mut Value, bytes: &mut Vec<u8>, module: &[u8]) {
    let name = |number: u32| format!("memory{number}");
    let resize = |state: &mut Value, bytes: &mut Vec<u8>, length: usize| {
        bytes.resize(length, 0);
        state["memories"][0][1] = length.into();
    };
    let add = |list: &mut Value, item: Value| list.as_array_mut().unwrap().push(item);
    match kind {
        "a module beside the state" => bytes.extend(module),
        "a module as the memory" => {
            resize(state, bytes, module.len());
            bytes.copy_from_slice(module);
        }
        "the state of another module" => state["component"] = "0".repeat(64).into(),
        "half a memory" => bytes.truncate(bytes.len() / 2),
        "a smaller memory" => resize(state, bytes, 1 << 16),
        "a larger memory" => resize(state, bytes, 65 << 20),
        "no memory" => {
            state["memories"] = json!([]);
            bytes.clear();
        }
        "another memory" => state["memories"][0][0] = name(99).into(),
        "a memory twice" => {
            let first = state["memories"][0][0].clone();
            add(&mut state["memories"], json!([first, 0]));
        }
        "a memory more" => add(&mut state["memories"], json!([name(99), 0])),
        "no globals" => state["globals"] = json!([]),
        "a global more" => add(&mut state["globals"], json!(["global99", 0])),
        "a global twice" => {
            let first = state["globals"][0].clone();
            add(&mut state["globals"], first);
        }
        "a global of 33 bits" => state["globals"][0][1] = (1_u64 << 32).into(),
        other => panic!("no forgery `{other}`"),
    }
}

/// What the child as it is answers to that input.
fn honest(input: &[u8]) -> Vec<u8> {
    let options = std::env::args().next_back().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["build-policy", &options])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().stdout
}

pub fn a_forged_answer_is_refused() {
    let mut wrong = Vec::new();
    for (kind, wanted) in FORGERIES {
        let builder = Builder { configure: program(&["forge", kind]), ..builder() };
        let said = build(&builder).map_or_else(|error| error.to_string(), |_| "it was built".into());
        let refused = match wanted.strip_prefix(' ') {
            Some(reason) => said.starts_with(REFUSED) && said.contains(reason),
            None => said == wanted,
        };
        if !refused {
            wrong.push(format!("{kind}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a policy imports, exports and needs is not for the child to say that ran it.
pub fn claims_beside_the_state_change_nothing() {
    let honest = build(&builder()).unwrap();
    assert_eq!(honest.0.not_preinitialized_because, None);
    let builder = Builder { configure: program(&["forge", "claims"]), ..builder() };
    let claimed = build(&builder).unwrap();
    assert_eq!(claimed.0, honest.0);
    assert_eq!(claimed.1.len(), honest.1.len());
}
