package dev.wren.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** A request that is sent piece by piece, and may be broken off. */
final class RawRequest implements AutoCloseable {

    private final Socket socket;
    private final OutputStream out;

    /** Sends the head of a POST with a chunked body. */
    RawRequest(String url, String path, String... headers) throws IOException {
        this(url, "POST", path, headers);
    }

    /** Sends the head of a request with a chunked body; {@code headers} are an even number. */
    private RawRequest(String url, String method, String path, String[] headers) throws IOException {
        URI uri = URI.create(url);
        socket = new Socket(uri.getHost(), uri.getPort());
        out = socket.getOutputStream();
        StringBuilder head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: localhost:" + uri.getPort()
                + "\r\nTransfer-Encoding: chunked\r\n");
        for (int i = 0; i < headers.length; i += 2) {
            head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        }
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    /** Sends the head of a PUT with a chunked body. */
    static RawRequest put(String url, String path, String... headers) throws IOException {
        return new RawRequest(url, "PUT", path, headers);
    }

    /**
     * Sends a request as it is, and reads what comes back until the other side closes.
     *
     * @param halfClosed whether nothing more can come after it
     */
    static String exchange(String url, String request, boolean halfClosed) throws IOException {
        URI uri = URI.create(url);
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            if (halfClosed) {
                socket.shutdownOutput();
            }
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** The status of an answer of {@link #exchange}; 0 where there was none. */
    static int status(String answer) {
        return answer.isEmpty() ? 0 : Integer.parseInt(answer.substring(9, 12));
    }

    /** Sends part of the body. */
    RawRequest send(String part) throws IOException {
        byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
        out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(bytes);
        out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return this;
    }

    /** Ends the body; the status of the answer. */
    int finish() throws IOException {
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
        InputStream in = socket.getInputStream();
        byte[] status = in.readNBytes("HTTP/1.1 200".length());
        return Integer.parseInt(new String(status, StandardCharsets.US_ASCII).substring(9));
    }

    /** Breaks off. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
