package dev.wren.gateway.store.s3;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/** Stands before a server of HTTP, and does to requests what networks and servers do to them when a test says so. */
public final class FaultProxy implements AutoCloseable {

    /** A request as it came. */
    public record Request(String method, String path, String query, Map<String, String> headers) {

        /** Whether a header is there that makes it conditional. */
        public boolean has(String header) {
            return headers.containsKey(header);
        }
    }

    /** What becomes of a request. */
    public sealed interface Fault {

        /** It goes through. */
        Fault NONE = new None();

        record None() implements Fault {
        }

        /** An error is answered; {@code acted}: though the server has done what was asked. */
        record Answer(int status, String code, boolean acted) implements Fault {
        }

        /** The connection is reset; {@code acted}: after the server has done what was asked. */
        record Reset(boolean acted) implements Fault {
        }

        /** The answer's body stops after so many bytes. */
        record Cut(int bytes) implements Fault {
        }

        /** The server acts, and no answer comes before the client gives up. */
        record Late() implements Fault {
        }
    }

    /** Says what becomes of each request; asked by any thread. */
    @FunctionalInterface
    public interface Faults {
        Fault of(Request request);
    }

    private final ServerSocket server;
    private final int upstream;
    /** One conditional replacement after the other. */
    private final ReentrantLock replacing = new ReentrantLock();
    private volatile Faults faults = _ -> Fault.NONE;
    private volatile String removed = "";
    private final Map<String, AtomicInteger> counted = new ConcurrentHashMap<>();

    private FaultProxy(ServerSocket server, int upstream) {
        this.server = server;
        this.upstream = upstream;
    }

    static FaultProxy before(int upstream) throws IOException {
        FaultProxy proxy = new FaultProxy(new ServerSocket(0, 200, InetAddress.getLoopbackAddress()), upstream);
        Thread.ofVirtual().name("fault-proxy").start(proxy::accept);
        return proxy;
    }

    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + server.getLocalPort());
    }

    /** What is to become of requests from now on. */
    public void faults(Faults now) {
        faults = now;
    }

    /**
     * How many requests came by links, without a key's signature.
     *
     * @param part which is in their path; they are counted since it was asked for first
     */
    public int byLink(String part) {
        return counted.computeIfAbsent(part, _ -> new AtomicInteger()).get();
    }

    /** Headers of this name do not come to the server from now on; empty: all do. */
    void without(String header) {
        removed = header;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(Socket client) {
        try (client) {
            InputStream in = client.getInputStream();
            String head = head(in);
            if (head.isEmpty()) {
                return;
            }
            Request request = parse(head);
            counted.forEach((part, count) -> {
                if (!request.has("authorization") && request.path.contains(part)) {
                    count.incrementAndGet();
                }
            });
            if (request.has("expect")) {
                client.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            }
            byte[] body = in.readNBytes(Integer.parseInt(request.headers.getOrDefault("content-length", "0")));
            handle(client, request, head, body);
        } catch (IOException _) {
            // Somebody has gone away.
        }
    }

    private void handle(Socket client, Request request, String head, byte[] body) throws IOException {
        OutputStream out = client.getOutputStream();
        switch (faults.of(request)) {
            case Fault.None _ -> out.write(forward(request, head, body));
            case Fault.Answer(int status, String code, boolean acted) -> {
                if (acted) {
                    forward(request, head, body);
                }
                out.write(error(request, status, code));
            }
            case Fault.Reset(boolean acted) -> {
                if (acted) {
                    forward(request, head, body);
                }
                reset(client);
            }
            case Fault.Cut(int bytes) -> {
                byte[] answer = forward(request, head, body);
                int start = new String(answer, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n") + 4;
                out.write(answer, 0, Math.min(answer.length, start + bytes));
                out.flush();
                client.shutdownOutput();
            }
            case Fault.Late _ -> {
                forward(request, head, body);
                if (client.getInputStream().read() >= 0) {
                    throw new IOException("the client goes on");
                }
            }
        }
    }

    private static void reset(Socket client) throws SocketException {
        // Closed like this, it is a reset.
        client.setSoLinger(true, 0);
    }

    private static byte[] error(Request request, int status, String code) {
        byte[] body = request.method.equals("HEAD")
                ? new byte[0]
                : ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>" + code + "</Code><Message>by a test"
                        + "</Message></Error>").getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        answer.writeBytes(("HTTP/1.1 " + status + " By a test\r\nContent-Type: application/xml\r\nContent-Length: "
                + body.length + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        answer.writeBytes(body);
        return answer.toByteArray();
    }

    private byte[] forward(Request request, String head, byte[] body) throws IOException {
        if (!request.has("if-match")) {
            return send(head, body);
        }
        replacing.lock();
        try {
            return send(head, body);
        } finally {
            replacing.unlock();
        }
    }

    private byte[] send(String head, byte[] body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), upstream)) {
            String closing = head.replaceAll("(?i)\r\n(connection|expect" + (removed.isEmpty() ? "" : "|" + removed)
                    + "):[^\r]*", "")
                    .replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
            OutputStream out = socket.getOutputStream();
            out.write(closing.getBytes(StandardCharsets.ISO_8859_1));
            out.write(body);
            out.flush();
            return socket.getInputStream().readAllBytes();
        }
    }

    /** Up to the empty line; empty if the client has nothing more to say. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || head.lastIndexOf("\r\n\r\n") != head.length() - 4) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            head.append((char) b);
        }
        return head.toString();
    }

    private static Request parse(String head) {
        String[] lines = head.split("\r\n");
        String[] first = lines[0].split(" ");
        Map<String, String> headers = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(lines[i].substring(0, colon).toLowerCase(Locale.ROOT), lines[i].substring(colon + 1).strip());
        }
        int query = first[1].indexOf('?');
        return new Request(first[0], query < 0 ? first[1] : first[1].substring(0, query),
                query < 0 ? "" : first[1].substring(query + 1), headers);
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
