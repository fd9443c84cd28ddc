package dev.wren.gateway.submission;

import com.github.luben.zstd.ZstdInputStream;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.store.BucketException;
import dev.wren.gateway.store.ObjectChangedException;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.S3Uri;
import dev.wren.gateway.store.UserBuckets;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads data that are in a bucket: as a stream, so that only one datum is in memory. They are copied, so that a callset does
 * not change with its source. Safe for use by several threads.
 */
@Component
final class SourceReader {

    private static final int BUFFER = 1 << 16;
    /** What the store reads at once, and what unpacks it. */
    private static final long MEMORY = 1 << 20;

    private final UserBuckets buckets;
    private final NdjsonReader lines;
    private final MapRequestReader arrays;
    private final CsvReader rows;
    private final JsonMapper json = JsonMapper.shared();

    SourceReader(UserBuckets buckets, NdjsonReader lines, MapRequestReader arrays, CsvReader rows) {
        this.buckets = buckets;
        this.lines = lines;
        this.arrays = arrays;
        this.rows = rows;
    }

    /**
     * Refuses a source in a bucket that is not allowed, before anything else is done.
     *
     * @throws ProblemException {@code bucket-not-allowed}
     */
    void require(DataSource source) {
        try {
            buckets.require(source.uri());
        } catch (BucketException e) {
            throw notAllowed(e);
        }
    }

    /**
     * Hands on the data.
     *
     * @param memory what is held meanwhile; closed by the caller
     * @throws ProblemException {@code bucket-not-allowed}, {@code invalid-request} if there is no such object or it is not
     * of its format, {@code source-changed}, and what readers of bodies and {@code sink} throw
     */
    void read(DataSource source, DataSink sink, Quota.Grant memory) throws IOException {
        try {
            if (source.uri().isPrefix()) {
                buckets.list(source.uri(), (object, size, etag) -> add(sink, object, size, etag));
            } else {
                object(source, sink, memory);
            }
        } catch (BucketException e) {
            throw notAllowed(e);
        } catch (IOException e) {
            if (e.getCause() instanceof ObjectChangedException changed) {
                throw ProblemException.atPointer(ProblemType.SOURCE_CHANGED, DataSource.POINTER,
                        changed.getMessage() + "; nothing was stored.");
            }
            throw e;
        }
    }

    private static ProblemException notAllowed(BucketException e) {
        return ProblemException.atPointer(ProblemType.BUCKET_NOT_ALLOWED, DataSource.POINTER,
                String.valueOf(e.getMessage()));
    }

    private void add(DataSink sink, S3Uri object, long size, String etag) throws IOException {
        Map<String, Object> datum = new LinkedHashMap<>();
        datum.put("bucket", object.bucket());
        datum.put("key", object.key());
        datum.put("size", size);
        datum.put("etag", etag);
        byte[] bytes = json.writeValueAsBytes(datum);
        sink.add(bytes, 0, bytes.length);
    }

    private void object(DataSource source, DataSink sink, Quota.Grant memory) throws IOException {
        memory.grow(MEMORY);
        try (ObjectStore.StoredObject object = buckets.open(source.uri()).orElseThrow(() -> wrong("There is no object "
                + source.uri() + ".")); InputStream in = unpacked(source.uri().key(), object.body())) {
            switch (Objects.requireNonNull(source.format())) {
                case NDJSON -> lines.read(in, sink, memory);
                case JSON -> arrays.readArray(in, sink, memory);
                case CSV -> rows.read(in, sink, memory);
            }
        } catch (PackedException e) {
            throw wrong(source.uri() + " is not what its name says: " + e.getMessage());
        }
    }

    private static ProblemException wrong(String detail) {
        return ProblemException.atPointer(ProblemType.INVALID_REQUEST, DataSource.POINTER, detail);
    }

    private static InputStream unpacked(String key, InputStream in) throws IOException {
        if (key.endsWith(".gz")) {
            return Packed.of(in, from -> new GZIPInputStream(from, BUFFER));
        }
        return key.endsWith(".zst") ? Packed.of(in, ZstdInputStream::new) : in;
    }

    /** What was to be unpacked cannot be. */
    private static final class PackedException extends IOException {

        private static final long serialVersionUID = 1L;

        PackedException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    /** Unpacks, and tells what is wrong with the bytes from what is wrong with reading them. */
    private static final class Packed extends FilterInputStream {

        private final Source source;

        private interface Unpacking {
            InputStream of(InputStream in) throws IOException;
        }

        private Packed(Source source, InputStream unpacked) {
            super(unpacked);
            this.source = source;
        }

        static Packed of(InputStream in, Unpacking unpacking) throws IOException {
            Source source = new Source(in);
            try {
                return new Packed(source, unpacking.of(source));
            } catch (IOException e) {
                throw source.reason(e);
            }
        }

        @Override
        public int read() throws IOException {
            try {
                return super.read();
            } catch (IOException e) {
                throw source.reason(e);
            }
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                return super.read(into, offset, length);
            } catch (IOException e) {
                throw source.reason(e);
            }
        }
    }

    /** Remembers whether reading failed. */
    private static final class Source extends FilterInputStream {

        private boolean failed;

        Source(InputStream in) {
            super(in);
        }

        IOException reason(IOException e) {
            return failed ? e : new PackedException(e);
        }

        @Override
        public int read() throws IOException {
            try {
                return super.read();
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                return super.read(into, offset, length);
            } catch (IOException e) {
                failed = true;
                throw e;
            }
        }
    }
}
