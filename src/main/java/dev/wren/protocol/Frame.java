package dev.wren.protocol;

/**
 * The kinds of messages between a gateway and a worker on its machine. A message is the length of what follows (4
 * bytes), the kind's number (1 byte), and the body.
 */
public enum Frame {
    /** Worker: {@link Hello}. The first message of a worker. */
    HELLO(0),
    /** Gateway: {@link WorkerSettings}. The first message of a gateway. */
    WELCOME(1),
    /**
     * Gateway: an {@link Invocation}, the number of calls (4 bytes), then for each its index (4), attempt (4) and datum
     * (length, bytes). A worker has at most one chunk at a time.
     */
    INVOKE(2),
    /** Gateway: give back the calls of the chunk that have not begun. No body. The answer is {@link #RETURNED}. */
    RECALL(3),
    /** Worker: one or more {@link Report}s, one after another, in the order in which the calls were run. */
    REPORTS(4),
    /**
     * Worker: the length of a report (4 bytes), the report, then the bytes of the log if the report says that it is
     * stored, then those of the value if it is stored.
     */
    LARGE_REPORT(5),
    /**
     * Worker: the number of calls (4 bytes) and their indexes (4 bytes each) that will not be run: after a
     * {@link #RECALL}, or because the worker retires. Possibly none.
     */
    RETURNED(6),
    /** Worker: a text that says why it wants to be replaced. It takes no chunk after that. */
    RETIRING(7);

    /** Bytes of a message's length and kind. */
    public static final int HEADER = 5;

    private final int code;

    Frame(int code) {
        this.code = code;
    }

    /** Starts a message in {@code out}, and returns where; {@link #end} completes it. */
    public int begin(WireWriter out) {
        int start = out.size();
        out.putInt(0);
        out.putByte(code);
        return start;
    }

    /** Completes the message that was begun at {@code start}. */
    public static void end(WireWriter out, int start) {
        out.setInt(start, out.size() - start - 4);
    }

    /** The same for a message of which {@code more} bytes follow what is in {@code out}. */
    public static void end(WireWriter out, int start, int more) {
        out.setInt(start, out.size() - start - 4 + more);
    }

    /**
     * The kind of that number.
     *
     * @throws WireException when there is none
     */
    public static Frame of(int code) {
        for (Frame frame : values()) {
            if (frame.code == code) {
                return frame;
            }
        }
        throw new WireException("no message has the kind " + code);
    }

    /**
     * A worker presents itself.
     *
     * @param protocolVersion the version it speaks
     * @param pid its process
     * @param java its Java version
     */
    public record Hello(int protocolVersion, long pid, String java) {

        public void write(WireWriter out) {
            out.putInt(protocolVersion);
            out.putLong(pid);
            out.putString(java);
        }

        public static Hello read(WireReader in) {
            return new Hello(in.getInt(), in.getLong(), in.getString());
        }
    }

    /**
     * What a worker is told once.
     *
     * @param workerId its name in reports
     * @param inlineLimit bytes of JSON up to which a value travels in its record
     * @param resultLimit bytes of JSON above which a value is refused ({@code RUNTIME})
     * @param excerptLimit bytes of output up to which all of it is in the report; of more, head and tail
     * @param logLimit bytes of output above which the log is its head and tail
     * @param nestingLimit levels of nesting of a datum or a value
     */
    public record WorkerSettings(String workerId, int inlineLimit, int resultLimit, int excerptLimit, int logLimit,
            int nestingLimit) {

        public void write(WireWriter out) {
            out.putString(workerId);
            out.putInt(inlineLimit);
            out.putInt(resultLimit);
            out.putInt(excerptLimit);
            out.putInt(logLimit);
            out.putInt(nestingLimit);
        }

        public static WorkerSettings read(WireReader in) {
            return new WorkerSettings(in.getString(), in.getInt(), in.getInt(), in.getInt(), in.getInt(),
                    in.getInt());
        }
    }
}
