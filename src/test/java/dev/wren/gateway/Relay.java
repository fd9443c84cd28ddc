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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** One address for one gateway after another, as a load balancer is: connections end with the gateway that they are to. */
final class Relay implements AutoCloseable {

    private final ServerSocket server;
    private static final URI NOBODY = URI.create("http://127.0.0.1:1");

    private volatile URI target = NOBODY;
    private final Set<Socket> clients = ConcurrentHashMap.newKeySet();

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

    /** Cuts all connections; there are none until {@link #to} is called again. */
    void cut() {
        target = NOBODY;
        clients.forEach(Relay::close);
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
        clients.add(client);
        try (client; Socket gateway = new Socket()) {
            gateway.connect(new InetSocketAddress(target.getHost(), target.getPort()));
            Thread back = Thread.ofVirtual().start(() -> copy(gateway, client));
            copy(client, gateway);
            back.join();
        } catch (IOException _) {
            // Nobody is there.
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            clients.remove(client);
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
