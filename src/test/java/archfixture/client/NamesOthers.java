package archfixture.client;

import archfixture.gateway.web.Web;
import org.springframework.util.Assert;
import picocli.CommandLine;

/** Breaks what is allowed to the client. */
class NamesOthers {

    Class<?> gateway() {
        return Web.class;
    }

    Class<?> library() {
        return Assert.class;
    }

    Class<?> commands() {
        return CommandLine.class;
    }
}
