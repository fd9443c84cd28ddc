package dev.wren.protocol;

/** The version that both sides name. */
public final class Protocol {

    /** Raised whenever the wire changes; a worker of another version answers each call with {@code WRONGVERSION}. */
    public static final int VERSION = 5;

    /** Exit code of a far worker that has ended itself, all being reported. */
    public static final int ALL_REPORTED = 75;

    private Protocol() {
    }
}
