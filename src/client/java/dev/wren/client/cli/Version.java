package dev.wren.client.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.util.Collections;
import java.util.jar.Manifest;
import picocli.CommandLine.IVersionProvider;

/** The version of the client, as its jar's manifest says it. */
final class Version implements IVersionProvider {

    @Override
    public String[] getVersion() throws IOException {
        for (URL url : Collections.list(Version.class.getClassLoader().getResources("META-INF/MANIFEST.MF"))) {
            try (InputStream in = url.openStream()) {
                String version = new Manifest(in).getMainAttributes().getValue("Wren-Client");
                if (version != null) {
                    return new String[]{"wren " + version};
                }
            }
        }
        return new String[]{"wren, of no jar"};
    }
}
