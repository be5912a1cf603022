//! The client against a server that says what it is told to.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::script::Script;
use super::{Client, End, Error, HangUp, Request, send_raw};

/// The response to a request, when the server answers with `bytes` and closes.
async fn answered(bytes: &'static [u8]) -> Result<super::Response, Error> {
    let server = Script::start(&[bytes]).await;
    Client::http1(server.addr()).send(Request::get("/")).await
}

#[tokio::test]
async fn responses_that_are_whole() {
    let with_length =
        answered(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: 1\r\nB: 2\r\na: 3\r\n\r\nhi").await;
    let response = with_length.unwrap();
    assert!(response.is_complete());
    assert_eq!((response.status, response.text().as_str()), (200, "hi"));
    assert_eq!((response.headers("a"), response.header("b")), (vec!["1", "3"], Some("2")));
    let chunked: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n\
        2\r\nhi\r\n0\r\nx: y\r\n\r\n";
    let response = answered(chunked).await.unwrap();
    assert!(response.is_complete());
    assert_eq!(response.trailers, [("x".to_owned(), b"y".to_vec())]);
    let until_close = answered(b"HTTP/1.1 200 OK\r\n\r\nhi").await.unwrap();
    assert!(until_close.is_complete());
}

#[tokio::test]
async fn responses_that_break_off() {
    for bytes in [
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nhi".as_slice(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n",
    ] {
        let response = answered(bytes).await.unwrap();
        assert_eq!(response.text(), "hi");
        assert!(matches!(response.end, End::Truncated(_)), "{:?}", response.end);
    }
}

#[tokio::test]
async fn no_response() {
    for bytes in [b"".as_slice(), b"HTTP/1.1 200 OK\r\n", b"hello\r\n\r\n"] {
        let error = answered(bytes).await.unwrap_err();
        assert_eq!(error.kind(), "no response", "{error}");
    }
    let gone = Script::start(&[]).await;
    let addr = gone.addr();
    gone.finish().await;
    let error = Client::http1(addr).send(Request::get("/")).await.unwrap_err();
    assert_eq!(error.kind(), "connect", "{error}");
}

#[tokio::test]
async fn a_closed_connection_is_opened_again() {
    let answer: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let server = Script::start(&[answer, answer]).await;
    let client = Client::http1(server.addr());
    for _ in 0..2 {
        assert_eq!(client.send(Request::get("/")).await.unwrap().status, 200);
    }
    assert_eq!(server.finish().await.len(), 2);
}

#[tokio::test]
async fn the_request_as_it_is_written() {
    let server = Script::start(&[b"HTTP/1.1 204 No Content\r\n\r\n"]).await;
    let request = Request::new(Method::PUT, "/a?b=c")
        .header("X-One", "1")
        .header("x-two", b"\xff")
        .header("x-one", "3")
        .body(vec![Bytes::from_static(b"body")]);
    Client::http1(server.addr()).send(request).await.unwrap();
    let host = format!("host: {}\r\ncontent-length: 4\r\n\r\nbody", server.addr());
    let head = b"PUT /a?b=c HTTP/1.1\r\nx-one: 1\r\nx-one: 3\r\nx-two: \xff\r\n".as_slice();
    let expected = [head, host.as_bytes()];
    assert_eq!(server.finish().await, [expected.concat()]);
}

#[tokio::test]
async fn what_http_does_not_allow_is_refused() {
    let client = Client::http1(([127, 0, 0, 1], 9).into());
    for request in [
        Request::get("/").header("a b", "1"),
        Request::get("/").header("a", "1\r\nb: 2"),
        Request::get("/").trailer("", "1"),
        Request::get("/a b"),
    ] {
        assert_eq!(client.send(request).await.unwrap_err().kind(), "request");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let client = Client::http1(listener.local_addr().unwrap());
    let short = Duration::from_millis(30);
    let error = client.send(Request::get("/").timeout(short)).await.unwrap_err();
    assert_eq!(error, Error::Timeout { after: short });
    let request = Request::get("/").hang_up(HangUp::AfterTime(short));
    assert_eq!(client.send(request).await.unwrap_err(), Error::HungUp);
}

#[tokio::test]
async fn hanging_up_ends_the_connection() {
    let server = Script::start(&[b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"]).await;
    let request = Request::get("/").hang_up(HangUp::AfterBytes(2));
    let response = Client::http1(server.addr()).send(request).await.unwrap();
    assert_eq!((response.end, response.body.len()), (End::HungUp, 4));
}

#[tokio::test]
async fn raw_bytes() {
    let server = Script::start(&[b"anything \x00\xff"]).await;
    let answer = send_raw(server.addr(), b"GET / HTTP/9.9\r\n\r\n").await.unwrap();
    assert_eq!(answer, b"anything \x00\xff");
    assert_eq!(server.finish().await, [b"GET / HTTP/9.9\r\n\r\n"]);
}
