package dev.wren.client;

import dev.wren.client.generated.model.MissingRequest;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Brings the program's class path to a gateway: what is there already stays here. Safe for use by several threads. */
final class CodeUpload {

    /** Contents that are asked about at once; the gateway's limit. */
    private static final int ASKED = 1000;
    /** Uploads at once. */
    private static final int AT_ONCE = 4;

    private final Gateways gateways;
    private final CodeHashes hashes;
    private final ProgressBar.Factory bars;

    CodeUpload(Gateways gateways, CodeHashes hashes, ProgressBar.Factory bars) {
        this.gateways = gateways;
        this.hashes = hashes;
        this.bars = bars;
    }

    /**
     * The class path as a gateway knows it: {@code sha256:<hex>}, in order.
     *
     * @throws UncheckedIOException if a file cannot be read
     */
    synchronized List<String> bring(List<Path> classPath) {
        try {
            Map<String, CodeEntry> byHash = new LinkedHashMap<>();
            for (Path path : classPath) {
                CodeEntry entry = CodeEntry.of(path);
                if (entry.hasContent()) {
                    byHash.putIfAbsent(hashes.of(entry), entry);
                }
            }
            hashes.save();
            Map<String, CodeEntry> missing = new LinkedHashMap<>(byHash);
            missing.keySet().retainAll(missing(List.copyOf(missing.keySet())));
            send(missing);
            return byHash.keySet().stream().map(hash -> "sha256:" + hash).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Set<String> missing(List<String> all) {
        Set<String> missing = new LinkedHashSet<>();
        for (int i = 0; i < all.size(); i += ASKED) {
            List<String> some = all.subList(i, Math.min(i + ASKED, all.size()));
            missing.addAll(gateways.jars(api -> api.findMissingJars(new MissingRequest().sha256(some))).getMissing());
        }
        return missing;
    }

    /** A jar that is to be sent. */
    private record Made(String hash, Path jar, long size, boolean isTemporary) {
    }

    private void send(Map<String, CodeEntry> missing) throws IOException {
        List<Made> jars = new ArrayList<>();
        try (ProgressBar bar = bars.uploading(missing.size())) {
            for (Map.Entry<String, CodeEntry> each : missing.entrySet()) {
                jars.add(make(each.getKey(), each.getValue()));
            }
            // The largest first: what is left at the end is small.
            jars.sort((a, b) -> Long.compare(b.size, a.size));
            bar.total(jars.stream().mapToLong(Made::size).sum());
            try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE,
                    Thread.ofVirtual().name("wren-upload-", 1).factory())) {
                List<Future<?>> sent = new ArrayList<>();
                for (Made jar : jars) {
                    sent.add(threads.submit(() -> {
                        send(jar);
                        bar.add(jar.size);
                    }));
                }
                await(sent);
            }
        } finally {
            for (Made jar : jars) {
                if (jar.isTemporary) {
                    Files.deleteIfExists(jar.jar);
                }
            }
        }
    }

    private static void await(List<Future<?>> sent) {
        for (Future<?> each : sent) {
            try {
                each.get();
            } catch (ExecutionException e) {
                sent.forEach(other -> other.cancel(true));
                throw e.getCause() instanceof RuntimeException known
                        ? known
                        : new WrenException("a jar could not be uploaded", e.getCause());
            } catch (InterruptedException e) {
                sent.forEach(other -> other.cancel(true));
                Thread.currentThread().interrupt();
                throw new WrenException("interrupted", e);
            }
        }
    }

    private static Made make(String hash, CodeEntry entry) throws IOException {
        if (!entry.isFolder()) {
            return new Made(hash, entry.path(), Files.size(entry.path()), false);
        }
        Path jar = Files.createTempFile("wren-", ".jar");
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(jar))) {
            entry.write(out);
        }
        return new Made(hash, jar, Files.size(jar), true);
    }

    private void send(Made jar) {
        try {
            gateways.send("/jars/sha256:" + jar.hash, request -> request.header("Content-Type",
                    "application/java-archive").PUT(BodyPublishers.ofFile(jar.jar)),
                    (status, body) -> body.readAllBytes());
        } catch (WrenException e) {
            throw e.status() == 0 ? e : new WrenException(jar.jar + ": " + e.getMessage(), e.status(), e.problem());
        }
    }
}
