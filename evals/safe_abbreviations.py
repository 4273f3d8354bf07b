"""Abbreviations that say the same as their words in any note: written out and back without a change of meaning.

An own list of the robustness suite. It is kept apart from the tables that the product reads, so that what the product
does not know shows. Left out are abbreviations with a second reading (MS, PE, RA, ED, CVA tenderness, stage IV, GAD
antibodies, a DDD pacemaker) and cues of negation (w/o).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class SafeAbbreviation(NamedTuple):
    """A short form as it is written, and its words in lower case where they are no name."""

    short: str
    words: str


_PAIRS: Final = """
HTN|hypertension
T2DM|type 2 diabetes mellitus
T1DM|type 1 diabetes mellitus
DM|diabetes mellitus
GDM|gestational diabetes mellitus
DKA|diabetic ketoacidosis
HLD|hyperlipidemia
CAD|coronary artery disease
CHF|congestive heart failure
HFrEF|heart failure with reduced ejection fraction
HFpEF|heart failure with preserved ejection fraction
HF|heart failure
AFib|atrial fibrillation
NSTEMI|non-ST elevation myocardial infarction
STEMI|ST elevation myocardial infarction
MI|myocardial infarction
PVD|peripheral vascular disease
PAD|peripheral arterial disease
DVT|deep vein thrombosis
AAA|abdominal aortic aneurysm
SVT|supraventricular tachycardia
TIA|transient ischemic attack
COPD|chronic obstructive pulmonary disease
OSA|obstructive sleep apnea
ARDS|acute respiratory distress syndrome
URI|upper respiratory infection
CAP|community-acquired pneumonia
TB|tuberculosis
CKD|chronic kidney disease
ESRD|end-stage renal disease
AKI|acute kidney injury
UTI|urinary tract infection
BPH|benign prostatic hyperplasia
GERD|gastroesophageal reflux disease
IBS|irritable bowel syndrome
PUD|peptic ulcer disease
SBO|small bowel obstruction
NASH|nonalcoholic steatohepatitis
OA|osteoarthritis
DJD|degenerative joint disease
LBP|low back pain
SLE|systemic lupus erythematosus
PTSD|post-traumatic stress disorder
MDD|major depressive disorder
ADHD|attention-deficit hyperactivity disorder
AUD|alcohol use disorder
OUD|opioid use disorder
PCOS|polycystic ovary syndrome
AUB|abnormal uterine bleeding
IUP|intrauterine pregnancy
AML|acute myeloid leukemia
CLL|chronic lymphocytic leukemia
NHL|non-Hodgkin lymphoma
HCC|hepatocellular carcinoma
ITP|immune thrombocytopenic purpura
AMD|age-related macular degeneration
POAG|primary open-angle glaucoma
TBI|traumatic brain injury
MVC|motor vehicle collision
SOB|shortness of breath
CXR|chest x-ray
ECG|electrocardiogram
EF|ejection fraction
LVEF|left ventricular ejection fraction
BP|blood pressure
BMI|body mass index
WBC|white blood cell count
CBC|complete blood count
Hgb|hemoglobin
TSH|thyroid stimulating hormone
INR|international normalized ratio
eGFR|estimated glomerular filtration rate
CSF|cerebrospinal fluid
MRI|magnetic resonance imaging
EGD|esophagogastroduodenoscopy
CABG|coronary artery bypass graft
PCI|percutaneous coronary intervention
ORIF|open reduction and internal fixation
TKA|total knee arthroplasty
THA|total hip arthroplasty
ICD|implantable cardioverter-defibrillator
CPAP|continuous positive airway pressure
NSAID|nonsteroidal anti-inflammatory drug
SSRI|selective serotonin reuptake inhibitor
ICU|intensive care unit
BID|twice daily
TID|three times daily
PRN|as needed
PO|by mouth
PSA|prostate specific antigen
LFTs|liver function tests
SNF|skilled nursing facility
ROM|range of motion
LMP|last menstrual period
OTC|over the counter
f/u|follow-up
s/p|status post
h/o|history of
Dx|diagnosis
Rx|prescription
"""

SAFE_ABBREVIATIONS: Final = tuple(
    SafeAbbreviation(short, words) for short, words in (line.split("|") for line in _PAIRS.split("\n") if line)
)
"""Each short form and each wording once."""
