package dev.wren.gateway.store.s3;

import static org.awaitility.Awaitility.await;

import dev.wren.gateway.PythonTool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import software.amazon.awssdk.services.s3.S3Client;

/**
 * A stand-in for AWS of another make: a server of its own. It looks at a condition first and writes then, so it serves one
 * request after the other here, and its conditional writes are atomic.
 */
public final class MotoServer implements AutoCloseable {

    private static final PythonTool MOTO = new PythonTool("moto[server]", "5.2.5", "moto_server");

    private static final String SERVE = """
            import sys
            from werkzeug.serving import run_simple
            from moto.server import DomainDispatcherApplication, create_backend_app
            run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app))
            """;

    private final Process process;
    private final URI endpoint;
    private final AtomicInteger buckets = new AtomicInteger();

    private MotoServer(Process process, URI endpoint) {
        this.process = process;
        this.endpoint = endpoint;
    }

    public static MotoServer start() throws Exception {
        MOTO.install();
        int port = freePort();
        List<String> command = new ArrayList<>(MOTO.python());
        command.addAll(List.of("-c", SERVE, Integer.toString(port)));
        Process process = MOTO.start(command);
        MotoServer server = new MotoServer(process, URI.create("http://127.0.0.1:" + port));
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            if (!process.isAlive()) {
                throw new IllegalStateException("moto has ended; see " + MOTO.log());
            }
            return answers(port);
        });
        return server;
    }

    /** What the server is of; with it come cfn-lint and AWS's client for Python. */
    public static PythonTool tool() {
        return MOTO;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean answers(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    public URI endpoint() {
        return endpoint;
    }

    /** The name of a bucket that was made now. */
    public String newBucket() {
        String bucket = "bucket-" + buckets.incrementAndGet();
        try (S3Client client = S3Server.client(endpoint)) {
            client.createBucket(create -> create.bucket(bucket));
        }
        return bucket;
    }

    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
