//! Who is let in.

use super::Live;

#[test]
fn requests_for_other_hosts_are_refused_whatever_they_know() {
    let live = Live::start();
    let port = live.port();
    for host in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let named = format!("{host}:{port}");
        assert_eq!(live.ask("GET", "", &[("Host", &named)], b"").status, 200);
    }
    for host in [
        "127.0.0.1".to_string(),
        "127.0.0.1:1".to_string(),
        "evil.example".to_string(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("[::1]:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.0.0.1:{port}x"),
        String::new(),
    ] {
        live.ask("GET", "", &[("Host", &host)], b"")
            .is_refused(403, "host");
    }
    let secret = &live.secret;
    for request in [
        format!("GET /{secret}/ HTTP/1.0\r\n\r\n"),
        format!(
            "GET /{secret}/ HTTP/1.1\r\nHost: {0}\r\nHost: {0}\r\nConnection: close\r\n\r\n",
            live.host
        ),
        format!(
            "GET http://evil.example/{secret}/ HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            live.host
        ),
    ] {
        live.raw(request.as_bytes()).is_refused(403, "host");
    }
}

#[test]
fn requests_of_other_pages_are_refused_whatever_they_know() {
    let live = Live::start();
    let own = format!("http://{}", live.host);
    let port = live.port();
    for headers in [
        vec![],
        vec![("Origin", own.as_str())],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        let opened = live.ask("POST", "session", &headers, b"");
        assert_eq!(opened.status, 200, "{headers:?}: {}", opened.body);
        let name = opened.json()["session"].as_str().unwrap().to_string();
        assert_eq!(live.post(&format!("session/{name}/end")).status, 200);
    }
    let localhost = format!("http://localhost:{port}");
    let secure = format!("https://{}", live.host);
    for origin in [
        "null",
        "http://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        &localhost,
        &secure,
        "",
    ] {
        let headers = [("Origin", origin)];
        live.ask("POST", "session", &headers, b"")
            .is_refused(403, "origin");
        live.ask("GET", "", &headers, b"").is_refused(403, "origin");
    }
    for site in ["cross-site", "same-site", "nonsense"] {
        let headers = [("Origin", own.as_str()), ("Sec-Fetch-Site", site)];
        live.ask("POST", "session", &headers, b"")
            .is_refused(403, "origin");
    }
    // Even one that comes twice, rightly and wrongly.
    let twice = [("Origin", own.as_str()), ("Origin", "null")];
    live.ask("GET", "", &twice, b"").is_refused(403, "origin");
}

#[test]
fn without_the_secret_of_this_start_nothing_is_answered() {
    let live = Live::start();
    let other = "0".repeat(live.secret.len());
    for path in [
        "",
        "/",
        "//",
        "/page.js",
        "/model",
        "/session",
        &format!("/{other}/"),
        &format!("/{}", live.secret),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            live.host
        );
        match path {
            "" => assert_eq!(live.raw(request.as_bytes()).status, 400),
            _ => live.raw(request.as_bytes()).is_refused(404, "address"),
        }
    }
    assert!(live.secret.len() == 32 && live.secret != Live::start().secret);
}

#[test]
fn addresses_and_methods_are_a_closed_list() {
    let live = Live::start();
    let session = live.open();
    let at = |action: &str| format!("session/{session}/{action}");
    for path in [
        "x",
        "page.js/",
        "../Cargo.toml",
        "%2e%2e/Cargo.toml",
        "session/",
        &at(""),
        &at("x"),
        &at("frame/x"),
    ] {
        live.get(path).is_refused(404, "address");
        live.post(path).is_refused(404, "address");
    }
    for (path, allowed) in [
        ("", "GET"),
        ("page.js", "GET"),
        ("model", "GET"),
        ("session", "POST"),
        (&at("frame"), "POST"),
        (&at("end"), "POST"),
    ] {
        for method in [
            "GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "NONSENSE",
        ] {
            if method == allowed {
                continue;
            }
            let answer = live.ask(method, path, &[], b"");
            answer.is_refused(405, "method");
            assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    for action in ["frame?time=0", "record", "stop", "end"] {
        let path = format!("session/{}/{action}", "0".repeat(32));
        let headers = [("Content-Type", "image/jpeg")];
        live.ask("POST", &path, &headers, b"")
            .is_refused(404, "session");
    }
}

#[test]
fn the_page_loads_nothing_from_elsewhere_and_nobody_can_frame_it() {
    let live = Live::start();
    let page = live.get("");
    assert_eq!(page.status, 200);
    let mut files = vec![String::new()];
    for quoted in page
        .body
        .split('"')
        .filter(|text| text.ends_with(".js") || text.ends_with(".css") || text.ends_with(".svg"))
    {
        files.push(quoted.to_string());
    }
    assert_eq!(files.len(), 4, "{files:?}");
    // What the scripts import.
    let mut seen = 0;
    while seen < files.len() {
        let file = files[seen].clone();
        let answer = live.get(&file);
        assert_eq!(answer.status, 200, "{file}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        for (name, value) in [
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{file}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
        for line in answer.body.lines() {
            if let Some(name) = line.split("from \"./").nth(1) {
                let name = name.trim_end_matches("\";").to_string();
                if !files.contains(&name) {
                    files.push(name);
                }
            }
            let is_a_name =
                line.contains("www.w3.org/2000/svg") || line.contains("http://127.0.0.1");
            assert!(is_a_name || !line.contains("://"), "{file}: {line}");
        }
        seen += 1;
    }
    assert_eq!(files.len(), 13, "{files:?}");
    for inline in ["<style", " style=", " onclick=", "<script>", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
    let model = live.get("model").json();
    assert_eq!(model["action_units"].as_array().unwrap().len(), 12);
    assert_eq!(model["action_units"][0]["unit"], "AU1");
    assert_eq!(model["expressions"].as_array().unwrap().len(), 8);
    assert_eq!(
        (&model["valence_arousal"], &model["gaze"]),
        (&true.into(), &false.into())
    );
}
