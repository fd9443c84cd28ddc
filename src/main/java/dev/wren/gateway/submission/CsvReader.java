package dev.wren.gateway.submission;

import dev.wren.gateway.callset.CallsetSettings;
import dev.wren.gateway.limits.Quota;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.databind.MappingIterator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.csv.CsvFactory;
import tools.jackson.dataformat.csv.CsvMapper;
import tools.jackson.dataformat.csv.CsvReadFeature;
import tools.jackson.dataformat.csv.CsvSchema;

/**
 * Reads data as lines of comma-separated values (RFC 4180), as a stream. The first line has the names of the columns; each
 * other one is a datum, an object of strings. Safe for use by several threads.
 */
@Component
final class CsvReader {

    private static final CsvSchema HEADER = CsvSchema.emptySchema().withHeader();

    private final CallsetSettings limits;
    private final CsvMapper csv;
    private final JsonMapper json = JsonMapper.shared();

    CsvReader(CallsetSettings limits) {
        this.limits = limits;
        int max = (int) Math.min(Integer.MAX_VALUE, limits.maxDatumSize().toBytes());
        this.csv = CsvMapper.builder(CsvFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(max).maxNameLength(max).build())
                .build())
                .enable(CsvReadFeature.SKIP_EMPTY_LINES, CsvReadFeature.FAIL_ON_MISSING_COLUMNS,
                        CsvReadFeature.FAIL_ON_MISSING_HEADER_COLUMNS)
                .build();
    }

    /**
     * Reads a text to its end.
     *
     * @param memory what is held of it; closed by the caller
     * @throws ProblemException {@code invalid-request} with the line, {@code too-large}, and what {@code sink} throws
     */
    void read(InputStream text, DataSink sink, Quota.Grant memory) throws IOException {
        Rows rows = new Rows(text, memory, limits.maxDatumSize().toBytes(), limits.maxBodySize().toBytes());
        try (MappingIterator<Map<String, String>> each = csv.readerForMapOf(String.class).with(HEADER)
                .readValues(rows)) {
            while (each.hasNextValue()) {
                Map<String, String> row = each.nextValue();
                byte[] datum = json.writeValueAsBytes(row);
                if (datum.length > limits.maxDatumSize().toBytes()) {
                    throw rows.tooLarge();
                }
                sink.add(datum, 0, datum.length);
                rows.next();
            }
        } catch (JacksonException e) {
            // What reading has thrown goes on as it is.
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw ProblemException.atPointer(ProblemType.INVALID_REQUEST, DataSource.POINTER,
                    "The text is not CSV with a header, near line " + line + ": " + e.getOriginalMessage())
                    .with("line", line);
        }
    }

    /** Bounds what is read before there is a row. */
    private static final class Rows extends FilterInputStream {

        /** What a reader may have read beyond a row. */
        private static final int AHEAD = 1 << 16;
        /** A row is there as characters, and as JSON. */
        private static final int TIMES = 3;

        private final Quota.Grant memory;
        private final long maxRow;
        private final long maxAll;
        private long all;
        private long row;
        private long largest;

        Rows(InputStream in, Quota.Grant memory, long maxRow, long maxAll) {
            super(in);
            this.memory = memory;
            this.maxRow = maxRow;
            this.maxAll = maxAll;
        }

        void next() {
            row = 0;
        }

        ProblemException tooLarge() {
            return new ProblemException(ProblemType.TOO_LARGE, "A datum has at most " + maxRow + " bytes.")
                    .with("limit", maxRow);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count(b < 0 ? 0 : 1);
            return b;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int some = super.read(into, offset, length);
            count(Math.max(0, some));
            return some;
        }

        private void count(int some) {
            row += some;
            all += some;
            if (row > maxRow + AHEAD) {
                throw tooLarge();
            }
            if (row > largest) {
                memory.grow(TIMES * (row - largest));
                largest = row;
            }
            if (all > maxAll) {
                throw new ProblemException(ProblemType.TOO_LARGE, "The data have at most " + maxAll + " bytes.")
                        .with("limit", maxAll);
            }
        }
    }
}
