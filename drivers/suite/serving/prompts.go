package serving

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

var (
	firstNames = strings.Fields(`Amina Bruno Chiara Dieter Elif Farid Greta Hugo Ines Jonas Katya Liam Mei Nadia Oskar
		Priya Quentin Rosa Samir Tove Ulla Viktor Wanda Xenia Yusuf Zoe`)
	lastNames = strings.Fields(`Abreu Berger Costa Dupont Eriksen Fischer Garnier Hoffmann Ito Jansen Kowalski Lund
		Moreau Novak Okafor Petrov Quiroga Rossi Schmit Tanaka Urban Vega Weber Xu Yilmaz Zanetti`)
	cities = strings.Fields(`Luxembourg Trier Lisbon Kyoto Tromso Cusco Halifax Nairobi Leeds Perth Graz Porto Turku
		Hanoi Bergen Ghent`)
	trades = strings.Fields(`baker welder pilot nurse surveyor violinist plumber geologist librarian beekeeper
		translator carpenter chemist gardener`)
	topics = strings.Fields(`orders invoices flights parcels patients recipes tickets sensors rentals lectures
		shipments contracts`)
	goods = strings.Fields(`kettle bicycle lamp headset raincoat keyboard tent blender suitcase notebook clock camera`)
	moods = []string{
		"works better than I had hoped", "stopped after two days", "is worth every cent", "arrived with a crack",
		"made my whole week easier", "smells of burnt plastic", "feels solid and well made", "was not what the picture showed",
	}
	places = []string{"at home", "on a long trip", "in the office", "in heavy rain", "every morning", "with my children"}
)

func pick(r *rand.Rand, words []string) string { return words[r.IntN(len(words))] }

func profilePrompt(r *rand.Rand) string {
	return fmt.Sprintf("Write a short user profile as JSON, following the given schema, for %s %s, aged %d, a %s who lives in %s.",
		pick(r, firstNames), pick(r, lastNames), 18+r.IntN(70), pick(r, trades), pick(r, cities))
}

func queryPrompt(r *rand.Rand) string {
	return fmt.Sprintf("Our database holds %s of %s. Write one SQL query that shows the user name and the e-mail address "+
		"of the users named %s, and nothing else.", pick(r, topics), pick(r, cities), pick(r, firstNames))
}

func addressPrompt(r *rand.Rand) string {
	return fmt.Sprintf("Make up an e-mail address for %s %s, who works as a %s. It ends in .com and is followed by a new line. "+
		"Example: someone@example.com\n", pick(r, firstNames), pick(r, lastNames), pick(r, trades))
}

func sentimentPrompt(r *rand.Rand) string {
	return fmt.Sprintf("Is this review positive or negative? Answer with one word, Positive or Negative. "+
		"Review by %s: I use the %s %s and it %s.", pick(r, firstNames), pick(r, goods), pick(r, places), pick(r, moods))
}
