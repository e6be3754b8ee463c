package constitution

// Principle is one of the seven principles of the network. No message changes them.
type Principle struct {
	ID    string `json:"id"` // "P1" to "P7"
	Title string `json:"title"`
	Text  string `json:"text"`
}

// Principles returns the seven principles in order.
func Principles() []Principle {
	return []Principle{
		{"P1", "Sustainable network", "Preserve and expand the network sustainably."},
		{"P2", "This constitution", "Uphold this constitution."},
		{"P3", "Human rights", "Advance human rights and individual autonomy."},
		{"P4", "Least harm", "Minimise suffering and harm."},
		{"P5", "Verifiable training", "Transparent, verifiable AI training."},
		{"P6", "Economic fairness", "Economic fairness in rewards."},
		{"P7", "Privacy", "Privacy and user sovereignty."},
	}
}

// Default is the jurisdiction every network begins with.
const Default = "udhr"

// DefaultName is its full name.
const DefaultName = "Universal Declaration of Human Rights"

// article is one standard as this package words it.
type article struct{ title, text string }

// declaration returns the thirty articles of the Universal Declaration of Human Rights, each by a short title and its
// content in one sentence of our own.
func declaration() []article {
	return []article{
		{"Equal in dignity", "Everyone is born free and with the same dignity and rights, and owes others a spirit of fellowship."},
		{"No discrimination", "These rights belong to everyone, whatever their race, colour, sex, language, religion, opinion, origin, property, birth, status or country."},
		{"Life and liberty", "Everyone has the right to live, to be free and to be safe."},
		{"No slavery", "Nobody may be held as a slave or serf, and every trade in slaves is forbidden."},
		{"No torture", "Nobody may be tortured or treated or punished in a cruel, inhuman or degrading way."},
		{"Person before the law", "Everyone, everywhere, counts as a person before the law."},
		{"Equality before the law", "The law is the same for everyone and protects all alike against discrimination and against being incited to it."},
		{"Effective remedy", "Whoever is denied a basic right has a claim to effective help from competent national courts."},
		{"No arbitrary arrest", "Nobody may be arrested, detained or exiled arbitrarily."},
		{"Fair hearing", "Everyone is entitled to a fair and public hearing by an independent and impartial court about their rights, duties and any charge."},
		{"Presumed innocent", "Everyone charged is innocent until proven guilty in a public trial with full defence, and no act is punished by a law or penalty made after it."},
		{"Privacy", "Privacy, family, home, correspondence, honour and reputation are protected by law against arbitrary interference and attack."},
		{"Freedom of movement", "Everyone may move and live freely within their country, leave any country and come back to their own."},
		{"Asylum", "Everyone may seek and enjoy asylum from persecution elsewhere, but not to escape prosecution for ordinary crimes or for acts against the aims of the United Nations."},
		{"Nationality", "Everyone has a right to a nationality, which may not be taken away or denied a change of arbitrarily."},
		{"Marriage and family", "Adults may marry and found a family with equal rights and only by free and full consent, and the family is protected."},
		{"Property", "Everyone may own property, alone and with others, and may not be deprived of it arbitrarily."},
		{"Thought and religion", "Everyone is free in thought, conscience and religion, may change belief, and may practise it alone or with others, in public or private."},
		{"Opinion and expression", "Everyone may hold opinions without interference and seek, receive and pass on information through any medium and across borders."},
		{"Assembly and association", "Everyone may assemble and associate peacefully, and nobody may be made to belong to an association."},
		{"Take part in government", "Everyone may take part in governing their country, has equal access to its public service, and genuine, regular, equal and secret elections give government its authority."},
		{"Social security", "Everyone has a right to social security and to the economic, social and cultural rights that dignity and free development need, as the resources of their state allow."},
		{"Work and fair pay", "Everyone may work, choose their work freely, under just conditions, with protection against unemployment, equal pay for equal work, pay worth a life in dignity, and trade unions."},
		{"Rest and leisure", "Everyone is entitled to rest and leisure, to limited working hours and to regular paid holidays."},
		{"Standard of living", "Everyone has a right to a standard of living that keeps them and their family well, to security in hardship beyond their control, and mothers and children to special care."},
		{"Education", "Everyone has a right to education, free and compulsory at its basic stage, open by merit at its higher ones, that develops the person and furthers understanding, with parents choosing its kind first."},
		{"Culture and science", "Everyone may take part in cultural life, enjoy the arts and share in scientific progress, and authors' moral and material interests are protected."},
		{"An order for rights", "Everyone is entitled to a social and international order in which these rights can be fully realised."},
		{"Duties and limits", "Everyone has duties to the community, and rights are limited by law only to respect those of others and the just needs of morality, order and welfare in a democratic society."},
		{"No abuse of rights", "Nothing here gives any state, group or person a right to act for the destruction of any of these rights and freedoms."},
	}
}
