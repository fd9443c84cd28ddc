package dev.wren.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;

/** One address for one gateway after another, as a load balancer is: connections end with the gateway that they are to. */
final class Relay implements AutoCloseable {

    private final ServerSocket server;
    private volatile URI target = URI.create("http://127.0.0.1:1");

    Relay() {
        try {
            server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /** Where connections go from now on. */
    void to(String url) {
        target = URI.create(url);
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException _) {
                // Closed.
            }
        }
    }

    private void connect(Socket client) {
        try (client; Socket gateway = new Socket()) {
            gateway.connect(new InetSocketAddress(target.getHost(), target.getPort()));
            Thread back = Thread.ofVirtual().start(() -> copy(gateway, client));
            copy(client, gateway);
            back.join();
        } catch (IOException _) {
            // Nobody is there.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Until one of them ends; then both do. */
    private static void copy(Socket from, Socket to) {
        try (from; to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[1 << 16];
            for (int n; (n = in.read(buffer)) >= 0;) {
                out.write(buffer, 0, n);
            }
        } catch (IOException _) {
            // The other end has gone.
        }
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
