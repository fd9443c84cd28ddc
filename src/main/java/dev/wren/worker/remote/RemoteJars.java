package dev.wren.worker.remote;

import dev.wren.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Jars that were fetched, as files named by their content. Those used least recently go when all together are over the
 * limit; whoever has one of them open goes on with it. Safe for use by several threads.
 */
public final class RemoteJars {

    private final Path folder;
    private final long limit;
    private final Links links;
    private final Map<String, Long> sizes = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * Jars in a folder of their own.
     *
     * @param limit bytes of all of them, but for the one that is used
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
     * The jar of that content, fetched if it is not here.
     *
     * @throws LinkException if it cannot be had
     */
    public synchronized Path get(String sha256, String url) throws LinkException {
        Path file = folder.resolve(sha256 + ".jar");
        try {
            // What a function has done to the file is not for the next one.
            if (sizes.get(sha256) != null && Files.exists(file) && digest(file).equals(sha256)) {
                return file;
            }
            Files.deleteIfExists(file);
            sizes.remove(sha256);
        } catch (IOException e) {
            throw new LinkException("the jar cannot be read: " + e, e);
        }
        Path part = folder.resolve(sha256 + ".part");
        try {
            links.download("the jar", url, part);
            String found = digest(part);
            if (!found.equals(sha256)) {
                throw new LinkException("the jar has the SHA-256 " + found + " and not " + sha256);
            }
            long size = Files.size(part);
            makeRoom(size);
            Files.move(part, file);
            sizes.put(sha256, size);
            return file;
        } catch (LinkException e) {
            throw e;
        } catch (IOException e) {
            throw new LinkException("the jar cannot be kept: " + e, e);
        } finally {
            part.toFile().delete();
        }
    }

    private void makeRoom(long size) throws IOException {
        long used = sizes.values().stream().mapToLong(each -> each).sum();
        var oldest = sizes.entrySet().iterator();
        while (used + size > limit && oldest.hasNext()) {
            Map.Entry<String, Long> goes = oldest.next();
            Files.deleteIfExists(folder.resolve(goes.getKey() + ".jar"));
            used -= goes.getValue();
            oldest.remove();
        }
    }

    private static String digest(Path file) throws IOException {
        MessageDigest sha = Sha256.digest();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return Sha256.hex(sha.digest());
    }
}
