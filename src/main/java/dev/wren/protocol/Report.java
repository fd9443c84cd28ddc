package dev.wren.protocol;

import org.jspecify.annotations.Nullable;

/**
 * What a worker (or, for an attempt that no worker can speak for, the gateway) says of one attempt.
 *
 * @param call index of the call in its callset, from 0
 * @param attempt from 1
 * @param send which sending of the attempt it is of: the number of its {@link Invocation}; 0 for one that was never sent
 * @param outcome what the attempt came to
 * @param status what was measured, or null if no worker has seen the attempt
 */
public record Report(int call, int attempt, long send, Outcome outcome, @Nullable Status status) {

    /**
     * What a worker measured of an attempt.
     *
     * @param startMicros when the function was applied, microseconds since the epoch
     * @param execNanos how long it ran, nanoseconds
     * @param setupNanos how long fetching, loading and constructing took before it; 0 when all was warm
     * @param runtimeCached whether this JVM had the function ready from an earlier call
     * @param workerId the worker's name, unique while the gateway runs
     * @param output what it wrote
     * @param exitCode the exit code of the process, or null while it lives
     */
    public record Status(long startMicros, long execNanos, long setupNanos, boolean runtimeCached, String workerId,
            Output output, @Nullable Integer exitCode) {
    }

    private static final int CACHED = 1;
    private static final int EXITED = 2;
    private static final int LOG_IN_OVERFLOW = 4;
    private static final int INLINE = 0;
    private static final int STORED = 1;
    private static final int PART = 2;
    private static final byte NO_STATUS = 0;
    private static final byte HAS_STATUS = 1;

    /** Appends this report; {@link #read} is its inverse. */
    public void write(WireWriter out) {
        out.putByte(outcome.state().code());
        out.putInt(call);
        out.putInt(attempt);
        out.putLong(send);
        Status s = status;
        if (s == null) {
            out.putByte(NO_STATUS);
        } else {
            out.putByte(HAS_STATUS);
            Integer exit = s.exitCode;
            boolean inOverflow = s.output.logOffset() != Output.OWN_OBJECT;
            out.putByte((s.runtimeCached ? CACHED : 0) | (exit != null ? EXITED : 0)
                    | (inOverflow ? LOG_IN_OVERFLOW : 0));
            out.putLong(s.startMicros);
            out.putLong(s.execNanos);
            out.putLong(s.setupNanos);
            if (exit != null) {
                out.putInt(exit);
            }
            out.putString(s.workerId);
            out.putBytes(s.output.excerpt());
            out.putLong(s.output.logSize());
            if (inOverflow) {
                out.putLong(s.output.logOffset());
            }
        }
        switch (outcome) {
            case Outcome.Success(Value.Inline(byte[] json)) -> {
                out.putByte(INLINE);
                out.putBytes(json);
            }
            case Outcome.Success(Value.Stored(long size)) -> {
                out.putByte(STORED);
                out.putLong(size);
            }
            case Outcome.Success(Value.Part(long offset, long size)) -> {
                out.putByte(PART);
                out.putLong(offset);
                out.putLong(size);
            }
            case Outcome.Failure(CallError e) -> {
                out.putByte(e.code().code());
                out.putNullable(e.type());
                out.putString(e.message());
                out.putNullable(e.stackTrace());
            }
            case Outcome.Cancelled() -> {
            }
        }
    }

    /**
     * Reads what {@link #write} has written.
     *
     * @throws WireException when the bytes are no report
     */
    public static Report read(WireReader in) {
        CallState state = CallState.of(in.getByte());
        int call = in.getInt();
        int attempt = in.getInt();
        long send = in.getLong();
        Status status = null;
        if (in.getByte() == HAS_STATUS) {
            int flags = in.getByte();
            long start = in.getLong();
            long exec = in.getLong();
            long setup = in.getLong();
            Integer exit = (flags & EXITED) != 0 ? (Integer) in.getInt() : null;
            String worker = in.getString();
            status = new Status(start, exec, setup, (flags & CACHED) != 0, worker,
                    new Output(in.getBytes(), in.getLong(),
                            (flags & LOG_IN_OVERFLOW) != 0 ? in.getLong() : Output.OWN_OBJECT),
                    exit);
        }
        Outcome outcome = switch (state) {
            case SUCCESS -> new Outcome.Success(switch (in.getByte()) {
                case INLINE -> new Value.Inline(in.getBytes());
                case STORED -> new Value.Stored(in.getLong());
                case PART -> new Value.Part(in.getLong(), in.getLong());
                default -> throw new WireException("a value of an unknown kind");
            });
            case ERROR -> new Outcome.Failure(new CallError(ErrorCode.of(in.getByte()),
                    in.getNullable(), in.getString(), in.getNullable()));
            case CANCELLED -> new Outcome.Cancelled();
            case NEW, INVOKED, RUNNING -> throw new WireException("a report of the state " + state);
        };
        return new Report(call, attempt, send, outcome, status);
    }
}
