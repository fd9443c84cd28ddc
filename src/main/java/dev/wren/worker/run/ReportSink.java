package dev.wren.worker.run;

import dev.wren.protocol.Report;
import java.io.IOException;

/** Where the reports of a chunk go. Every method throws where the gateway cannot be reached. */
public interface ReportSink {

    /** The report of a call that ended at {@code now}, by the clock for durations. */
    void add(Report report, long now) throws IOException;

    /**
     * A report with what is too large for it.
     *
     * @param log holds the log, from 0 to {@code logSize}, until this returns
     * @param value holds the value, from 0 to {@code valueSize}, until this returns
     */
    void addLarge(Report report, byte[] log, int logSize, byte[] value, int valueSize) throws IOException;

    /** Makes sure that what waits leaves soon, however long the call takes that is about to begin. */
    void sendSoon() throws IOException;

    /** Calls that will not be run. */
    void returned(int[] calls) throws IOException;

    /** Why the process wants to be replaced; it runs nothing after that. */
    void retiring(String reason) throws IOException;

    /** Sends what waits. */
    void flush() throws IOException;
}
