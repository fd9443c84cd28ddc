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

/**
 * Jars that were fetched, as files named by their content. Those used least recently go when all together are over the
 * limit; whoever has one of them open goes on with it. Safe for use by several threads.
 */
public final class RemoteJars {

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
        Set<String> used = new HashSet<>();
        jars.forEach(jar -> used.add(jar.sha256()));
        List<Invocation.Jar> here = new ArrayList<>(jars.size());
        for (Invocation.Jar jar : jars) {
            here.add(new Invocation.Jar(jar.sha256(), get(jar.sha256(), jar.location(), used).toString()));
        }
        return here;
    }

    private Path get(String sha256, String url, Set<String> used) throws LinkException {
        Path file = folder.resolve(sha256 + ".jar");
        try {
            Kept kept = all.get(sha256);
            // What a function has done to the files is not for the next one.
            if (kept != null && Files.exists(file) && Sha256.of(file).equals(sha256)
                    && ClassPath.digests(file).equals(kept.parts)) {
                return file;
            }
            forget(sha256);
        } catch (IOException e) {
            throw new LinkException("the jar cannot be read: " + e, e);
        }
        Path part = folder.resolve(sha256 + ".part");
        boolean kept = false;
        try {
            links.download("the jar", url, part);
            String found = Sha256.of(part);
            if (!found.equals(sha256)) {
                throw new LinkException("the jar has the SHA-256 " + found + " and not " + sha256);
            }
            makeRoom(Files.size(part), used);
            Files.move(part, file);
            long size = Files.size(file) + ClassPath.unpack(file);
            makeRoom(size, used);
            all.put(sha256, new Kept(size, ClassPath.digests(file)));
            kept = true;
            return file;
        } catch (LinkException e) {
            throw e;
        } catch (UnusableJarException e) {
            throw new LinkException("the jar cannot be used: " + e.why(), e);
        } catch (IOException e) {
            throw new LinkException("the jar cannot be kept: " + e, e);
        } finally {
            part.toFile().delete();
            if (!kept) {
                file.toFile().delete();
            }
        }
    }

    private void forget(String sha256) throws IOException {
        Path file = folder.resolve(sha256 + ".jar");
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
