package dev.wren.gateway.jar;

import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.store.file.FileObjectStore;
import dev.wren.gateway.store.s3.S3Stores;
import dev.wren.protocol.Sha256;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.springframework.util.unit.DataSize;

/** Jars over a store in a folder, and jars to put there. */
final class JarFixture implements AutoCloseable {

    static final String TENANT = "default";
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678Z");

    final FileObjectStore store;
    final Path cacheFolder;
    private SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private Jars jars;

    JarFixture(Path folder) {
        store = FileObjectStore.open(folder.resolve("store"), DataSize.ofMegabytes(1));
        cacheFolder = folder.resolve("cache");
        jars = start(1 << 20);
    }

    Jars jars() {
        return jars;
    }

    /** What a restart of the gateway does. */
    Jars restartedWith(long cacheSize) {
        jars.close();
        metrics = new SimpleMeterRegistry();
        jars = start(cacheSize);
        return jars;
    }

    private Jars start(long cacheSize) {
        JarSettings settings = new JarSettings(DataSize.ofMegabytes(1), 100, DataSize.ofMegabytes(10), 9,
                DataSize.ofMegabytes(9), 2,
                cacheFolder.toString(), DataSize.ofBytes(cacheSize));
        return new Jars(store, S3Stores.noUserBuckets(), settings, new Inspections(), new TenantShare(1),
                Clock.fixed(NOW, ZoneOffset.UTC),
                metrics);
    }

    /** Bytes of jars that are files, as measured. */
    double cached() {
        return metrics.get("wren.jars.cache.size").gauge().value();
    }

    Jars.PutResult put(String name, byte[] jar) throws IOException {
        return jars.put(TENANT, name, new ByteArrayInputStream(jar));
    }

    PinnedJar pinned(byte[] jar) throws IOException {
        put("any", jar);
        return pin(TENANT, "any");
    }

    @Override
    public void close() {
        jars.close();
        store.close();
    }

    /** A jar of one entry with that text. */
    static byte[] jar(String text) {
        return zip("entry", text.getBytes(StandardCharsets.UTF_8));
    }

    /** A jar of so many bytes and a few more, which do not deflate. */
    static byte[] jarOf(int bytes, byte fill) {
        return stored("entry", filled(bytes, fill));
    }

    static byte[] filled(int bytes, byte fill) {
        byte[] all = new byte[bytes];
        Arrays.fill(all, fill);
        return all;
    }

    static byte[] zip(String name, byte[] content) {
        return zip(out -> {
            out.putNextEntry(entry(name));
            out.write(content);
        });
    }

    static byte[] stored(String name, byte[] content) {
        return zip(out -> {
            ZipEntry entry = entry(name);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(content.length);
            CRC32 crc = new CRC32();
            crc.update(content);
            entry.setCrc(crc.getValue());
            out.putNextEntry(entry);
            out.write(content);
        });
    }

    /** Always with the same time, so that the same content makes the same jar. */
    private static ZipEntry entry(String name) {
        ZipEntry entry = new ZipEntry(name);
        entry.setTimeLocal(LocalDateTime.ofInstant(NOW, ZoneOffset.UTC));
        return entry;
    }

    interface Writing {
        void to(ZipOutputStream out) throws IOException;
    }

    static byte[] zip(Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream out = new ZipOutputStream(bytes)) {
            writing.to(out);
        } catch (IOException e) {
            throw new IllegalStateException("in memory", e);
        }
        return bytes.toByteArray();
    }

    static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(Sha256.digest().digest(bytes));
    }

    /** A class path of one. */
    PinnedJar pin(String tenant, String reference) {
        return jars.pin(tenant, List.of(reference)).getFirst();
    }
}
