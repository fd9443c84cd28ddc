package dev.wren.client.cli;

/** The command line. */
public final class Wren {

    private Wren() {
    }

    public static void main(String[] arguments) {
        System.exit(2);
    }
}
