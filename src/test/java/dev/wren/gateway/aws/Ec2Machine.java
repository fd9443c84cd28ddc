package dev.wren.gateway.aws;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import software.amazon.awssdk.services.ec2.model.Instance;
import software.amazon.awssdk.services.ec2.model.ResponseLaunchTemplateData;
import software.amazon.awssdk.services.ec2.model.Tag;

/**
 * Plays the machine of an instance: runs its user-data in a folder, with stand-ins for what belongs to a whole machine, and
 * is its metadata service.
 */
public final class Ec2Machine implements AutoCloseable {

    /** Runs what the unit of systemd says: again when it fails, and shuts down when it ends well. */
    private static final String SYSTEMCTL = """
            #!/bin/bash
            [ "$1" = enable ] || exit 0
            unit=$WREN_ROOT/etc/systemd/system/wren-worker.service
            start=$(sed -n 's/^ExecStart=//p' "$unit" | sed "s/ --run-as wren-fn//; s#-XX:MaxRAMPercentage=25#-Xmx128m -XX:TieredStopAtLevel=1#")
            export $(sed -n 's/^Environment=//p' "$unit")
            grep -q '^SuccessAction=poweroff' "$unit" || exit 1
            grep -q '^Restart=on-failure' "$unit" || exit 1
            (
              while true; do
                $start $WREN_MORE >> "$WREN_ROOT/worker.log" 2>&1 &
                echo $! > "$WREN_ROOT/worker.pid"
                if wait $!; then shutdown -h now; exit 0; fi
              done
            ) > /dev/null 2>&1 &
            """;
    private static final String NOTHING = "#!/bin/bash\nexit 0\n";

    private final String id;
    private final Path root;
    private final HttpServer metadata;
    private final Process script;
    private final Map<String, String> tags = new ConcurrentHashMap<>();
    private final Map<String, String> said = new ConcurrentHashMap<>();
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private Ec2Machine(Instance instance, String userData, Map<String, String> environment) throws IOException {
        this.id = instance.instanceId();
        this.root = Files.createTempDirectory("wren-ec2-");
        tags(instance.tags());
        said.put("meta-data/placement/region", "us-east-1");
        said.put("meta-data/instance-life-cycle", instance.spotInstanceRequestId() == null ? "on-demand" : "spot");
        said.put("meta-data/public-hostname", id + ".example.com");
        said.put("meta-data/iam/security-credentials/", "wren");
        said.put("meta-data/iam/security-credentials/wren",
                "{\"Code\":\"Success\",\"Type\":\"AWS-HMAC\",\"AccessKeyId\":\"instance\",\"SecretAccessKey\":\"secret\","
                        + "\"Token\":\"token\",\"LastUpdated\":\"2026-01-01T00:00:00Z\",\"Expiration\":\""
                        + Instant.now().plusSeconds(20_000) + "\"}");
        said.put("dynamic/instance-identity/document",
                "{\"instanceId\":\"" + id + "\",\"instanceType\":\"" + instance.instanceTypeAsString()
                        + "\",\"region\":\"us-east-1\",\"pendingTime\":\"" + Instant.now() + "\"}");
        metadata = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        metadata.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        metadata.createContext("/latest/", this::answer);
        metadata.start();
        Path bin = Files.createDirectories(root.resolve("bin"));
        tool(bin, "systemctl", SYSTEMCTL);
        tool(bin, "shutdown", "#!/bin/bash\necho \"$@\" > \"$WREN_ROOT/shutdown\"\n");
        tool(bin, "id", "#!/bin/bash\necho 4711\n");
        for (String name : List.of("useradd", "chown", "ip", "dnf")) {
            tool(bin, name, NOTHING);
        }
        Path file = Files.writeString(root.resolve("user-data"), userData);
        ProcessBuilder builder = new ProcessBuilder("/bin/bash", file.toString()).redirectErrorStream(true)
                .redirectOutput(root.resolve("user-data.log").toFile());
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.environment().put("PATH",
                bin + ":" + Path.of(System.getProperty("java.home"), "bin") + ":/usr/bin:/bin");
        builder.environment().put("WREN_ROOT", root.toString());
        builder.environment().put("AWS_EC2_METADATA_SERVICE_ENDPOINT",
                "http://127.0.0.1:" + metadata.getAddress().getPort());
        script = builder.start();
    }

    static Ec2Machine start(Instance instance, ResponseLaunchTemplateData launch, Map<String, String> environment) {
        try {
            return new Ec2Machine(instance,
                    new String(Base64.getDecoder().decode(launch.userData()), StandardCharsets.UTF_8), environment);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void tool(Path bin, String name, String text) throws IOException {
        Path file = Files.writeString(bin.resolve(name), text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    void tags(Collection<Tag> now) {
        now.forEach(tag -> tags.put(tag.key(), tag.value()));
    }

    /** The metadata service says it from now on, under {@code meta-data/}. */
    public void say(String path, String text) {
        said.put("meta-data/" + path, text);
    }

    /** Whether somebody was told it. */
    public boolean isTold(String path) {
        return told.contains("meta-data/" + path);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath().substring("/latest/".length());
            if (path.equals("api/token")) {
                respond(exchange, exchange.getRequestMethod().equals("PUT") ? 200 : 405, "metadata-token");
                return;
            }
            if (!"metadata-token".equals(exchange.getRequestHeaders().getFirst("X-aws-ec2-metadata-token"))) {
                respond(exchange, 401, "");
                return;
            }
            String tag = "meta-data/tags/instance/";
            String text = path.startsWith(tag) ? tags.get(path.substring(tag.length())) : said.get(path);
            respond(exchange, text == null ? 404 : 200, text == null ? "" : text);
            if (text != null) {
                told.add(path);
            }
        }
    }

    private static void respond(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("X-aws-ec2-metadata-token-ttl-seconds", "21600");
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        if (bytes.length > 0) {
            exchange.getResponseBody().write(bytes);
        }
    }

    boolean isShutDown() {
        return !closed && Files.exists(root.resolve("shutdown"));
    }

    /** What the worker and the user-data have written. */
    public String log() {
        return Stream.of("user-data.log", "worker.log").map(root::resolve).filter(Files::exists).map(file -> {
            try {
                return Files.readString(file);
            } catch (IOException e) {
                return e.toString();
            }
        }).collect(Collectors.joining());
    }

    /** Kills the worker with -9; systemd starts another. */
    public void killWorker() {
        try {
            ProcessHandle.of(Long.parseLong(Files.readString(root.resolve("worker.pid")).strip()))
                    .ifPresent(ProcessHandle::destroyForcibly);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The power goes off. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        // All processes of the machine have its folder in their environment.
        List<ProcessHandle> all = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            all.clear();
            ProcessHandle.allProcesses().filter(this::isOurs).forEach(all::add);
            all.forEach(ProcessHandle::destroyForcibly);
        }
        try {
            script.waitFor(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        metadata.stop(0);
    }

    private boolean isOurs(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/environ"), StandardCharsets.ISO_8859_1)
                    .contains("WREN_ROOT=" + root + "\0")
                    || Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1)
                            .contains(root.toString());
        } catch (IOException e) {
            return false;
        }
    }
}
