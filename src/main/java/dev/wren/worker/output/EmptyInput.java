package dev.wren.worker.output;

import java.io.InputStream;

/** Standard input: empty, and still so after somebody has closed it. */
final class EmptyInput extends InputStream {

    @Override
    public int read() {
        return -1;
    }

    @Override
    public int read(byte[] b, int off, int len) {
        return len == 0 ? 0 : -1;
    }

    @Override
    public int available() {
        return 0;
    }
}
