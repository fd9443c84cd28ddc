package dev.wren.worker.remote;

import dev.wren.protocol.Invocation;
import dev.wren.protocol.Sha256;
import dev.wren.protocol.jar.ClassPath;
import dev.wren.protocol.jar.UnusableJarException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Jars that were fetched, as files named by their content. Those used least recently go when all together are over the
 * limit; whoever has one of them open goes on with it. Safe for use by several threads.
 */
public final class RemoteJars {

    /** Jars that are fetched at once. */
    private static final int AT_ONCE = 8;

    private final Path folder;
    private final long limit;
    private final Links links;
    private final Map<String, Kept> all = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * A jar that is here.
     *
     * @param size bytes, with those of the jars in it
     * @param parts digests of the jars in it
     */
    private record Kept(long size, List<String> parts) {
    }

    /**
     * Jars in a folder of their own.
     *
     * @param limit bytes of all of them, but for those of the class path that is used
     */
    public RemoteJars(Path folder, long limit, Links links) {
        this.folder = folder;
        this.limit = limit;
        this.links = links;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A class path as files, of which those are fetched that are not here.
     *
     * @param jars with URLs
     * @return the same, with paths
     * @throws LinkException if one cannot be had
     */
    public synchronized List<Invocation.Jar> get(List<Invocation.Jar> jars) throws LinkException {
        Map<String, Invocation.Jar> missing = new LinkedHashMap<>();
        Set<String> used = new HashSet<>();
        try {
            for (Invocation.Jar jar : jars) {
                if (used.add(jar.sha256()) && !isHere(jar.sha256())) {
                    forget(jar.sha256());
                    missing.put(jar.sha256(), jar);
                }
            }
            fetch(List.copyOf(missing.values()));
            for (String sha256 : missing.keySet()) {
                keep(sha256, used);
            }
        } catch (LinkException e) {
            throw e;
        } catch (IOException e) {
            throw new LinkException("a jar cannot be kept: " + e, e);
        } finally {
            missing.keySet().forEach(sha256 -> part(sha256).toFile().delete());
        }
        return jars.stream().map(jar -> new Invocation.Jar(jar.sha256(), file(jar.sha256()).toString())).toList();
    }

    private Path file(String sha256) {
        return folder.resolve(sha256 + ".jar");
    }

    private Path part(String sha256) {
        return folder.resolve(sha256 + ".part");
    }

    /** What a function has done to the files is not for the next one. */
    private boolean isHere(String sha256) throws IOException {
        Kept kept = all.get(sha256);
        Path file = file(sha256);
        return kept != null && Files.exists(file) && Sha256.of(file).equals(sha256)
                && ClassPath.digests(file).equals(kept.parts);
    }

    /** Some at once: a class path has many small ones, and each takes a round trip. */
    private void fetch(List<Invocation.Jar> missing) throws LinkException {
        if (missing.size() < 2) {
            for (Invocation.Jar jar : missing) {
                fetch(jar);
            }
            return;
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE,
                Thread.ofVirtual().name("jar-", 1).factory())) {
            List<Future<?>> fetched = new ArrayList<>(missing.size());
            for (Invocation.Jar jar : missing) {
                fetched.add(threads.submit(() -> {
                    fetch(jar);
                    return null;
                }));
            }
            try {
                for (Future<?> each : fetched) {
                    each.get();
                }
            } catch (ExecutionException e) {
                threads.shutdownNow();
                throw e.getCause() instanceof LinkException known
                        ? known
                        : new LinkException("a jar cannot be fetched: " + e.getCause(), e);
            } catch (InterruptedException e) {
                threads.shutdownNow();
                Thread.currentThread().interrupt();
                throw new LinkException("interrupted", e);
            }
        }
    }

    private void fetch(Invocation.Jar jar) throws LinkException {
        Path part = part(jar.sha256());
        links.download("the jar", jar.location(), part);
        try {
            String found = Sha256.of(part);
            if (!found.equals(jar.sha256())) {
                throw new LinkException("the jar has the SHA-256 " + found + " and not " + jar.sha256());
            }
        } catch (LinkException e) {
            throw e;
        } catch (IOException e) {
            throw new LinkException("the jar cannot be read: " + e, e);
        }
    }

    private void keep(String sha256, Set<String> used) throws IOException, LinkException {
        Path part = part(sha256);
        Path file = file(sha256);
        boolean kept = false;
        try {
            makeRoom(Files.size(part), used);
            Files.move(part, file);
            long size = Files.size(file) + ClassPath.unpack(file);
            makeRoom(size, used);
            all.put(sha256, new Kept(size, ClassPath.digests(file)));
            kept = true;
        } catch (UnusableJarException e) {
            throw new LinkException("the jar cannot be used: " + e.why(), e);
        } finally {
            if (!kept) {
                file.toFile().delete();
            }
        }
    }

    private void forget(String sha256) throws IOException {
        Path file = file(sha256);
        Files.deleteIfExists(file);
        ClassPath.delete(file);
        all.remove(sha256);
    }

    private void makeRoom(long size, Set<String> keep) throws IOException {
        long used = all.values().stream().mapToLong(Kept::size).sum();
        for (String oldest : List.copyOf(all.keySet())) {
            if (used + size > limit && !keep.contains(oldest)) {
                used -= Objects.requireNonNull(all.get(oldest)).size;
                forget(oldest);
            }
        }
    }
}
