package dev.wren.protocol.jar;

/** A jar that is refused. */
public final class UnusableJarException extends Exception {

    private static final long serialVersionUID = 1L;

    private final String why;

    /**
     * A refusal.
     *
     * @param why the end of a sentence that begins with "it is no usable jar: "
     */
    public UnusableJarException(String why) {
        super(why);
        this.why = why;
    }

    /** What it was made with. */
    public String why() {
        return why;
    }
}
