package archfixture.protocol;

/** Breaks: protocol uses the JDK alone. */
public class UsesLibrary {
    tools.jackson.databind.JsonNode node;
}
